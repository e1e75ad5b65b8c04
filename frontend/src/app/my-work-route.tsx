import { MyWorkPage } from "@/features/my-work/my-work-page";
import { useBoards } from "./sidebar/use-sidebar";

export function MyWorkRoute() {
  const { all, loading, error } = useBoards();
  return <MyWorkPage workflows={all} loading={loading} error={error} />;
}
