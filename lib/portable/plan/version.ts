/** Raised when a reader of an older plan would misread a newer one. */
export const planVersion = 1
