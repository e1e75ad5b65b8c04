export { panelClass, Section } from "@/ui/section";
