import { Link } from "@tanstack/react-router";
import type { InviteOffer } from "@/api/types";
import { Button } from "@/ui/button";
import { formatUpcoming } from "@/ui/time";
import { offerText } from "./invitation-text";

/** Who invites to what, for whom, and until when. */
export function Intro({ offer }: { offer: InviteOffer }) {
  return (
    <>
      <p>{offerText(offer)}</p>
      <p className="mt-1 text-xs">
        {offer.email_hint && <>It is for {offer.email_hint}. </>}
        Valid until {formatUpcoming(offer.expires_at)}.
      </p>
    </>
  );
}

export function Leave({ signedIn }: { signedIn: boolean }) {
  return (
    <div className="flex justify-center">
      <Button asChild variant="primary">
        {signedIn ? <Link to="/">Go to Home</Link> : <Link to="/sign-in">Sign in</Link>}
      </Button>
    </div>
  );
}
