import { CirclePause, MessageSquare, Play, RotateCcw, SquareX, UserRound } from "lucide-react";
import type { ReactNode } from "react";
import type { LaneAction } from "./lane-actions";

export const ACTION_PARTS: Record<LaneAction, { name: string; icon: ReactNode }> = {
  pause: { name: "Pause", icon: <CirclePause /> },
  resume: { name: "Resume", icon: <Play /> },
  retry: { name: "Retry", icon: <RotateCcw /> },
  message: { name: "Message…", icon: <MessageSquare /> },
  reassign: { name: "Reassign…", icon: <UserRound /> },
  cancel: { name: "Cancel", icon: <SquareX /> },
};
