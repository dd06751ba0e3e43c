// @ts-check
// A ticket's number, read at arm's length in the sun.
Component({
  properties: {
    ticket: { type: String, value: "" },
    /** "" while waiting, "called" when it is this person's turn. */
    tone: { type: String, value: "" },
  },
});
