import { CircleHelp, Eye, type LucideIcon, MessageCircleQuestion } from "lucide-react";
import type { ApprovalKind } from "@/api/types";

export const KIND_LABELS: Record<ApprovalKind, { name: string; icon: LucideIcon }> = {
  question: { name: "Question", icon: MessageCircleQuestion },
  review: { name: "Review", icon: Eye },
  clarification: { name: "Clarification", icon: CircleHelp },
};
