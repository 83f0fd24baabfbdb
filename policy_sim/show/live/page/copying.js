// Copying: a text to the clipboard, with a word on the button that did it.
// In: a button, a text. Out: the text on the clipboard. Left to others: what is copied.

const SAID_MS = 2000;

/**
 * @param {HTMLButtonElement} button
 * @param {string} text
 */
export async function copyText(button, text) {
  const face = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Select it and copy"; // a browser gives its clipboard to safe addresses alone
  }
  setTimeout(() => (button.textContent = face), SAID_MS);
}
