import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { ArrowLeft } from "lucide-react";
import { explain, imports } from "@/api";
import { queryKeys } from "@/api/query-keys";
import { WorkflowFailure } from "@/entities/workflow/workflow-failure";
import { useBoardShape } from "@/live/context";
import { Notice, Spinner } from "@/ui/states";
import { useTitle } from "@/ui/use-title";
import { ChooseFiles } from "./choose-files";
import { PreviewForm } from "./preview-form";
import { Report } from "./report";
import { useImport } from "./use-import";

/** Importing the export of another tracker: the file, a preview with the mapping, and the report. */
export function ImportPage() {
  const { workflowId } = useParams({ strict: false }) as { workflowId: string };
  const { shape, error, retry } = useBoardShape(workflowId);
  useTitle(shape ? `Import into ${shape.workflow.name}` : "Import");
  if (error && !shape) return <WorkflowFailure what="the workflow" error={error} onRetry={retry} />;
  if (!shape) return <Spinner label="Loading the workflow…" className="flex-1" />;
  const { workflow } = shape;
  return (
    <div className="scroll-thin flex-1 overflow-y-auto">
      <div className="mx-auto grid w-full max-w-3xl gap-6 px-4 pt-6 pb-24">
        <div>
          <Link
            to="/w/$workflowId/settings"
            params={{ workflowId }}
            className="mb-2 inline-flex items-center gap-1 rounded text-muted-foreground text-xs hover:text-foreground"
          >
            <ArrowLeft className="size-3.5" /> Back to settings
          </Link>
          <h1 className="font-semibold text-lg tracking-tight">Import into {workflow.name}</h1>
          <p className="text-muted-foreground">
            Tickets keep their dates, comments, people and links. Nothing is written before you have seen the preview.
          </p>
        </div>
        {workflow.archived_at ? (
          <Notice>This workflow is archived. Restore it to import tickets.</Notice>
        ) : workflow.role === "owner" ? (
          <Steps workflowId={workflowId} />
        ) : (
          <Notice>Only owners can import tickets.</Notice>
        )}
      </div>
    </div>
  );
}

function Steps({ workflowId }: { workflowId: string }) {
  const formats = useQuery({
    queryKey: queryKeys.importFormats,
    queryFn: ({ signal }) => imports.formats(signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const state = useImport(workflowId, formats.data?.max_bytes);
  if (formats.isError) return <Notice tone="danger">{explain(formats.error)}</Notice>;
  if (!formats.data) return <Spinner label="Loading the formats…" />;
  if (state.done) return <Report workflowId={workflowId} done={state.done} onAgain={state.startAgain} />;
  return (
    <>
      <ChooseFiles
        formats={formats.data.formats}
        format={state.format}
        file={state.upload?.label ?? null}
        busy={state.reading}
        disabled={state.running !== null}
        error={state.readError}
        onFormat={state.setFormat}
        onFiles={state.setFiles}
      />
      {state.preview && state.upload && (
        <PreviewForm key={state.previewNumber} workflowId={workflowId} preview={state.preview} state={state} />
      )}
    </>
  );
}
