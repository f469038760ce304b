#!/bin/sh
# Puts mailsetup into the menu and the PATH of this user, as links to this folder.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
data=${XDG_DATA_HOME:-$HOME/.local/share}
bin=$HOME/.local/bin

link() {
    mkdir -p "$(dirname -- "$2")"
    ln -sfn -- "$1" "$2"
}

remove() {
    if [ -L "$1" ]; then rm -f -- "$1"; fi
}

each() {
    "$1" "$here/mailsetup" "$bin/mailsetup"
    cd "$here/share"
    find applications mime icons bash-completion fish man -type f | while IFS= read -r name; do
        "$1" "$here/share/$name" "$data/$name"
    done
}

unlink_target() { remove "$2"; }

case ${1:-} in
    "") each link ;;
    --remove) each unlink_target ;;
    *) echo "usage: $0 [--remove]" >&2; exit 2 ;;
esac
for tool in "update-desktop-database $data/applications" "update-mime-database $data/mime"; do
    if command -v "${tool%% *}" >/dev/null; then $tool || true; fi
done
