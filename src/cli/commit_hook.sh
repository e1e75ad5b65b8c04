#!/bin/sh
# Links new commits to the Callboard tickets named in their messages (TKT-123).
# Made by `callboard commit-hook`; works as post-commit, post-applypatch, post-merge and post-rewrite.
#
# Server: CALLBOARD_URL or `git config callboard.url URL`.
# Credential: CALLBOARD_API_KEY, `git config callboard.keyFile FILE` or `callboard login`.
# Workflow, if the actor is a member of several: CALLBOARD_WORKFLOW or `git config callboard.workflow NAME`.
#
# It runs in the background and never fails a commit. Its last output is in callboard.log in the git folder. A hook that was
# here before is kept beside it as NAME.chained; it runs first, with the same arguments and input, and decides the status.

rewritten=
case ${0##*/} in
post-rewrite) rewritten=$(cat) ;;
esac
status=0
if [ -x "$0.chained" ]; then
    printf '%s\n' "$rewritten" | "$0.chained" "$@" || status=$?
elif [ -f "$0.chained" ]; then
    printf '%s\n' "$rewritten" | sh "$0.chained" "$@" || status=$?
fi
program=$(command -v callboard) || program=@PROGRAM@
[ -x "$program" ] || exit $status
folder=$(git rev-parse --git-dir 2>/dev/null) || exit $status
case ${0##*/} in
post-rewrite)
    set -- --rewritten
    ;;
post-merge)
    set -- ORIG_HEAD..HEAD
    ;;
*)
    # Commits of a running rebase are linked at its end, by post-rewrite.
    if [ -d "$folder/rebase-merge" ] || [ -f "$folder/rebase-apply/rebasing" ]; then
        [ -f "${0%/*}/post-rewrite" ] && exit $status
    fi
    set -- HEAD
    ;;
esac
log=$folder/callboard.log
(true >"$log") 2>/dev/null || log=/dev/null
trap '' HUP
printf '%s\n' "$rewritten" | "$program" commits push "$@" >"$log" 2>&1 &
exit $status
