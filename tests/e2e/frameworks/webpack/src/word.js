export const word = "before";
