export { SecretDialog } from "@/ui/secret-dialog";
