# shellcheck shell=bash
# The cluster file of this lab, as an operator would write one for such a site.

cluster_file_write() {
  local prefix file=$STATE/cluster.yaml
  require_root
  require_lab
  prefix=$(subnet)
  sed "s/@SUBNET@/$prefix/g" "$LAB_PARTS/cluster.yaml" >"$file.new"
  mv "$file.new" "$file"
  echo "$file"
}
