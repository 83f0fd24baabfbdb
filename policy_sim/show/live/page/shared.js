// The page of a shared file begins here.
// In: the content that stands in the page. Out: the panel. Left to others: all that it does.

import { render } from "./panel.js";
import { sharedModel } from "./shared_model.js";
import { unpack, wholeLevels } from "./shared_table.js";

async function begin() {
  const content = JSON.parse(document.getElementById("content")?.textContent ?? "");
  const arrays = wholeLevels(await unpack(content), content.frame.base);
  render({ model: sharedModel(content, arrays), el: /** @type {HTMLElement} */ (document.getElementById("panel")) });
}

void begin();
