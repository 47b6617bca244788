# shellcheck shell=bash
# Builds the stand-in installer: a script with its payload behind it, the same bytes for the same version and recipe.

# The real one is larger; this is enough to see that staging takes its time and goes in pieces.
INSTALLER_PAYLOAD_BYTES=$((8 * 1024 * 1024))

installer_build() {
  local version=${1:-8.7.0} file
  [[ $version =~ ^[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}$ ]] || usage_error "version '$version' isn't of the form 8.7.0"
  require_root
  require_lab
  lock_lab
  # One folder per version: 8.70.0 and 8.7.0.0 would otherwise be the same file.
  file=$STATE/installers/$version/MotadataServiceOpsCommonUpgrade_V${version//./}
  installer_write "$version" "$file.new"
  if cmp -s "$file.new" "$file"; then
    rm "$file.new"
  else
    mv "$file.new" "$file"
  fi
  echo "$file"
}

installer_write() {
  local version=$1 file=$2 standins=$LAB_PARTS/standins payload
  mkdir -p "$(dirname "$file")"
  payload=$(mktemp -d "$STATE/payload.XXXXXX")
  cp "$standins/app/ft-main-server" "$standins/app/side-service" "$standins/installer/migration.sql" "$payload/"
  # Bytes that don't compress and depend on the version only.
  { head -c "$INSTALLER_PAYLOAD_BYTES" /dev/zero | openssl enc -aes-128-ctr -nosalt -pass "pass:$version" -pbkdf2; } >"$payload/application.bin"
  {
    sed -e "s/@VERSION@/$version/" -e "s/@PAYLOAD_LINE@/$(($(wc -l <"$standins/installer/installer.sh") + 1))/" "$standins/installer/installer.sh"
    tar -C "$payload" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX -cf - . | gzip -n -1
  } >"$file"
  chmod 0644 "$file"
  rm -rf "$payload"
}
