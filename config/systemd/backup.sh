#!/bin/sh
# Dump the database `wushe` (or PGDATABASE) into a folder and delete dumps older than 14 days there.
#   backup.sh FOLDER        as a user who may read all of it (postgres)
# A dump gets its name only when it is whole and its list of contents can be read.
set -eu
folder=$1
database=${PGDATABASE:-wushe}
name="$folder/wushe-$(date +%Y%m%d-%H%M%S).dump"
trap 'rm -f "$name.part"' EXIT
pg_dump --format=custom --file="$name.part" "$database"
pg_restore --list "$name.part" >/dev/null
mv "$name.part" "$name"
find "$folder" -name 'wushe-*.dump' -mtime +14 -delete
echo "$name $(stat -c %s "$name") bytes"
