#!/bin/sh
# Tells Callboard of new commits, so that tickets named in their messages (TKT-123) get them.
# Made by `callboard commit-hook`; serves as post-commit, post-merge and post-rewrite.
#
# Where the server is: CALLBOARD_URL, or `git config callboard.url URL`. In whose name: CALLBOARD_API_KEY, or
# `git config callboard.keyFile FILE`, or `callboard login`. Which workflow, for those in several: CALLBOARD_WORKFLOW,
# or `git config callboard.workflow NAME`.
#
# Git does not wait for it, and it never fails. What it said last is in callboard.log in the repository's git folder.

program=$(command -v callboard) || program=@PROGRAM@
[ -x "$program" ] || exit 0
folder=$(git rev-parse --git-dir 2>/dev/null) || exit 0
rewritten=
case ${0##*/} in
post-rewrite)
    rewritten=$(cat)
    set -- --rewritten
    ;;
post-merge)
    set -- ORIG_HEAD..HEAD
    ;;
*)
    # What a rebase makes on its way is told at its end, by post-rewrite.
    [ -d "$folder/rebase-merge" ] && [ -x "${0%/*}/post-rewrite" ] && exit 0
    set -- HEAD
    ;;
esac
log=$folder/callboard.log
(true >"$log") 2>/dev/null || log=/dev/null
trap '' HUP
printf '%s\n' "$rewritten" | "$program" commits push "$@" >"$log" 2>&1 &
exit 0
