// The way in: says what a link leads to, and takes along the screen that it names, which no server gets to see.
// In: the address. Out: the words that fit, and the form's address. Left to others: whether the token is right.
"use strict";

{
  const form = document.querySelector("form");
  const [action, alone, shared] = [form.getAttribute("action"), ...["alone", "shared"].map((id) => document.getElementById(id))];

  const look = () => {
    shared.hidden = !/[#&]ps=/.test(location.hash);
    alone.hidden = !shared.hidden;
    form.setAttribute("action", action + location.hash);
  };
  look();
  addEventListener("hashchange", look);
}
