import { useParams } from "@tanstack/react-router";
import { AppPage } from "@/features/apps/app-page";
import { AppsPage } from "@/features/apps/apps-page";
import { JobsHeader } from "@/features/jobs/jobs-header";

export function AppsRoute() {
  const { workflowId } = useParams({ from: "/inside/shell/w/$workflowId/apps" });
  return (
    <AppsPage
      key={workflowId}
      workflowId={workflowId}
      header={(name) => <JobsHeader workflowId={workflowId} name={name} current="apps" />}
    />
  );
}

export function AppRoute() {
  const { appId } = useParams({ from: "/inside/shell/apps/$appId" });
  return <AppPage key={appId} appId={appId} />;
}
