installer_build() { die "to do"; }
