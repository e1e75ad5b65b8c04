import { AdministrationPage } from "./administration-page";
import { People } from "./people";
import { SignUp } from "./sign-up";

export function PeoplePage() {
  return (
    <AdministrationPage title="People">
      <People />
      <SignUp />
    </AdministrationPage>
  );
}
