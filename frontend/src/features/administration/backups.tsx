import type { ServerState } from "@/api/types";
import { formatBytes } from "@/ui/bytes";
import { plural } from "@/ui/plural";
import { Section } from "@/ui/section";
import { Notice } from "@/ui/states";
import { formatTime, TimeAgo } from "@/ui/time";
import { Fact, Facts } from "./facts";

/** The backups that the server makes itself. Copies elsewhere are unknown to it, and this says so. */
export function Backups({ state: { backups, embedded_database } }: { state: ServerState }) {
  const { folder, newest, oldest, archive, problem, count, every_hours, keep } = backups;
  if (!embedded_database) {
    return (
      <Section title="Backups">
        <Notice>
          The database is external: back it up with its own tools. This server knows nothing of those backups.
        </Notice>
      </Section>
    );
  }
  if (!folder) {
    return (
      <Section title="Backups">
        <Notice tone="warning">
          This server makes no backups: <code>CALLBOARD_BACKUP_DIR</code> names no folder. Copies made by{" "}
          <code>callboard backup</code> are not known to it.
        </Notice>
      </Section>
    );
  }
  return (
    <Section
      title="Backups"
      intro="In the folder of this server. Copies elsewhere, such as those of callboard backup, are not known to it."
    >
      {problem && <Notice tone="danger">{problem}</Notice>}
      <Facts>
        <Fact name="Folder">
          <code className="text-xs">{folder}</code>
        </Fact>
        <Fact name="Plan">
          every {plural(every_hours, "hour")}, the newest {keep} are kept
        </Fact>
        {!problem && (
          <Fact name="Last backup">
            {newest ? (
              <>
                {formatTime(newest.finished_at)} (<TimeAgo at={newest.finished_at} />
                ), {formatBytes(newest.bytes)}
              </>
            ) : (
              "none yet"
            )}
          </Fact>
        )}
        {oldest && (
          <Fact name="Can be restored from">
            {formatTime(oldest.finished_at)} ({plural(count, "backup")})
          </Fact>
        )}
        <Fact name="Archive of the log">
          <Archive archive={archive} />
        </Fact>
        {typeof archive?.behind_bytes === "number" && (
          <Fact name="Log kept for the archive">{formatBytes(archive.behind_bytes)}</Fact>
        )}
      </Facts>
    </Section>
  );
}

function Archive({ archive }: { archive: ServerState["backups"]["archive"] }) {
  if (!archive) return "not begun";
  if (archive.lost) return <span className="text-danger">lost log; it begins afresh with a backup</span>;
  if (archive.connected) return "is being written";
  return <span className="text-danger">is not being written</span>;
}
