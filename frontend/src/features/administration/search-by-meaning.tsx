import type { ServerState } from "@/api/types";
import { LOCALE } from "@/ui/locale";
import { plural } from "@/ui/plural";
import { Section } from "@/ui/section";
import { Notice } from "@/ui/states";
import { formatUpcoming, TimeAgo } from "@/ui/time";
import { Fact, Facts } from "./facts";

const STATES: Record<string, string> = {
  off: "Switched off: search finds words only. CALLBOARD_EMBEDDING_PROVIDER chooses a provider.",
  loading: "The model is being loaded.",
  working: "Working",
  failing: "Failing: search finds words only until the provider works again.",
};

/** The vectors with which search finds tickets by meaning. */
export function SearchByMeaning({ state: { embeddings, embedding_failure } }: { state: ServerState }) {
  return (
    <Section
      title="Search by meaning"
      intro="Each ticket, with its comments, gets a vector. Until it has one, search finds it by its words."
    >
      {embeddings.detail && <Notice tone="warning">{embeddings.detail}</Notice>}
      <Facts>
        <Fact name="Provider">{embeddings.provider}</Fact>
        <Fact name="State">{STATES[embeddings.state] ?? embeddings.state}</Fact>
        {embeddings.models.map((model) => (
          <Model key={model.model_id} model={model} />
        ))}
        {embedding_failure && (
          <Fact name="Last error">
            {embedding_failure.error} ({plural(embedding_failure.attempts, "attempt")}
            {embedding_failure.retry_at && `, again ${formatUpcoming(embedding_failure.retry_at)}`})
          </Fact>
        )}
      </Facts>
    </Section>
  );
}

function Model({ model }: { model: ServerState["embeddings"]["models"][number] }) {
  const { model: name, dimensions, state, embedded, total, queued, failed, oldest } = model;
  const note = state === "serving" ? "" : ` (${state})`;
  return (
    <>
      <Fact name={`Model${note}`}>
        {name}, {plural(dimensions, "dimension")}
      </Fact>
      <Fact name={`Embedded${note}`}>
        {embedded.toLocaleString(LOCALE)} of {plural(total, "ticket")}
      </Fact>
      <Fact name={`Waiting${note}`}>
        {plural(queued, "ticket")}
        {failed > 0 && <span className="text-danger">, {failed.toLocaleString(LOCALE)} failed</span>}
        {oldest && (
          <>
            , the oldest since <TimeAgo at={oldest} />
          </>
        )}
      </Fact>
    </>
  );
}
