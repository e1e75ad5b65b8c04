#!/bin/sh
# Links new commits to the Callboard tickets named in their messages (TKT-123).
# Made by `callboard commit-hook`; works as post-commit, post-merge and post-rewrite.
#
# Server: CALLBOARD_URL or `git config callboard.url URL`.
# Credential: CALLBOARD_API_KEY, `git config callboard.keyFile FILE` or `callboard login`.
# Workflow, if the actor is a member of several: CALLBOARD_WORKFLOW or `git config callboard.workflow NAME`.
#
# It runs in the background and never fails a commit. Its last output is in callboard.log in the git folder.

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
    # Commits of a running rebase are linked at its end, by post-rewrite.
    [ -d "$folder/rebase-merge" ] && [ -x "${0%/*}/post-rewrite" ] && exit 0
    set -- HEAD
    ;;
esac
log=$folder/callboard.log
(true >"$log") 2>/dev/null || log=/dev/null
trap '' HUP
printf '%s\n' "$rewritten" | "$program" commits push "$@" >"$log" 2>&1 &
exit 0
