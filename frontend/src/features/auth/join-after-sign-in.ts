/**
 * The invitation whose page somebody left to sign in and join. It is kept in memory, so that a link from elsewhere cannot
 * make a signed-in person join without asking.
 */
let wanted: string | null = null;

export function joinAfterSignIn(invite: string): void {
  wanted = invite;
}

/** Whether the person wants to join by this invitation; true once. */
export function takeJoin(invite: string): boolean {
  const yes = wanted === invite;
  wanted = null;
  return yes;
}
