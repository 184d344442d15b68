#!/bin/sh
# A compiler's launcher, for what has been compiled already: a source of kindling's gets the object
# that the main build has of it, everything else is compiled.
#   reuse.sh OBJECTS c++ ..
objects=$1
shift
before=
for argument in "$@"; do
  case $before in
    -o) object=$argument ;;
    -MF) dependencies=$argument ;;
  esac
  before=$argument
done
compiled=$objects/${object#*kindling-build/CMakeFiles/kindling.dir/}
if [ "$compiled" != "$objects/$object" ] && [ -f "$compiled" ]; then
  echo "$object:" > "$dependencies"
  exec cp "$compiled" "$object"
fi
exec "$@"
