"use strict";
document.documentElement.classList.add("js");

// For browsers that keep the clipboard from pages opened as files.
function copyBySelection(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.setAttribute("readonly", "");
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button.copy");
  if (!button || button.classList.contains("done")) return;
  if (!(await copy(button.dataset.value))) return;
  const label = button.textContent;
  button.textContent = button.dataset.done;
  button.classList.add("done");
  document.getElementById("announce").textContent = button.dataset.done;
  setTimeout(() => {
    button.textContent = label;
    button.classList.remove("done");
    document.getElementById("announce").textContent = "";
  }, 1600);
});
