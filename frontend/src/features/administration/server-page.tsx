import { useQuery } from "@tanstack/react-query";
import { explain, server } from "@/api";
import { queryKeys } from "@/api/query-keys";
import type { ServerState } from "@/api/types";
import { plural } from "@/ui/plural";
import { Section } from "@/ui/section";
import { Notice, Spinner } from "@/ui/states";
import { formatTime, TimeAgo } from "@/ui/time";
import { AdministrationPage } from "./administration-page";
import { Backups } from "./backups";
import { Fact, Facts } from "./facts";
import { SearchByMeaning } from "./search-by-meaning";
import { Storage } from "./storage";

const REFRESH_MS = 15_000;

/** The state of the server and its database. Nothing tells of changes, so it is read again while the page is open. */
export function ServerPage() {
  const state = useQuery({
    queryKey: queryKeys.server,
    queryFn: ({ signal }) => server.state(signal),
    refetchInterval: REFRESH_MS,
  });
  return (
    <AdministrationPage title="Server">
      {state.isPending && <Spinner label="Loading the state of the server…" />}
      {state.isError && <Notice tone="danger">{explain(state.error)}</Notice>}
      {state.data && (
        <>
          <About state={state.data} />
          <SearchByMeaning state={state.data} />
          <Storage state={state.data} />
          <Backups state={state.data} />
        </>
      )}
    </AdministrationPage>
  );
}

function About({ state }: { state: ServerState }) {
  const { version, started_at, embedded_database, database, servers } = state;
  return (
    <Section title="About">
      <Facts>
        <Fact name="Callboard">{version}</Fact>
        <Fact name="Running since">
          {formatTime(started_at)} (<TimeAgo at={started_at} />)
        </Fact>
        <Fact name="Postgres">
          {database.postgres}, {embedded_database ? "embedded" : "external"}
          {database.pgvector && `, pgvector ${database.pgvector}`}
        </Fact>
        {database.schema !== null && <Fact name="Schema">version {database.schema}</Fact>}
        <Fact name="Epoch">
          <code className="text-xs">{database.epoch}</code>
        </Fact>
        <Fact name="Servers connected">{plural(servers.length, "server")}</Fact>
        <Fact name="For programs">
          <a href="/docs/" className="text-accent-foreground underline underline-offset-3">
            API description
          </a>
          , state at <code className="text-xs">/ready</code>, figures at <code className="text-xs">/metrics</code>
        </Fact>
      </Facts>
    </Section>
  );
}
