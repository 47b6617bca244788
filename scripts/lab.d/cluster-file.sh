cluster_file_write() { die "to do"; }
