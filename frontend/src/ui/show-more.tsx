import { Button } from "./button";

interface Props {
  /** A list in pages, as `useInfiniteQuery` returns it. */
  list: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
  size?: "sm";
  className?: string;
}

/** The button that loads the next page of a list, while there is one. */
export function ShowMore({ list, size, className }: Props) {
  if (!list.hasNextPage) return null;
  return (
    <Button
      variant="ghost"
      size={size}
      className={className}
      disabled={list.isFetchingNextPage}
      onClick={() => void list.fetchNextPage()}
    >
      {list.isFetchingNextPage ? "Loading…" : "Show more"}
    </Button>
  );
}
