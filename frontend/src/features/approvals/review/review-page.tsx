import { explain, isNotFound } from "@/api";
import { Button } from "@/ui/button";
import { Empty, Spinner } from "@/ui/states";
import { Review, type ReviewProps } from "./review";
import { useApproval } from "./use-review";

type Props = Omit<ReviewProps, "approval"> & { approvalId: string };

/** One question or review with all that is needed to decide it. */
export function ReviewPage({ approvalId, ...props }: Props) {
  const { approval, error, isPending, refetch } = useApproval(approvalId);
  if (approval) return <Review key={approval.id} {...props} approval={approval} />;
  if (isPending) return <Spinner label="Loading the review…" className="flex-1" />;
  const notFound = isNotFound(error);
  return (
    <div className="grid flex-1 place-items-center">
      <Empty
        title={notFound ? "Approval not found" : "Could not load the approval"}
        action={
          <>
            {!notFound && <Button onClick={() => void refetch()}>Try again</Button>}
            <Button onClick={props.onLeave}>Go to the inbox</Button>
          </>
        }
      >
        {notFound ? "It does not exist, or you do not have access to its workflow." : explain(error)}
      </Empty>
    </div>
  );
}
