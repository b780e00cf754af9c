// Sorting and filtering. What is chosen stands in the address, so that it can be passed on; without this the page is whole.
(() => {
  const table = document.getElementById("builders");
  const search = document.getElementById("search");
  const only = document.getElementById("only");
  const shown = document.getElementById("shown");
  if (!table) return;
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const state = new URLSearchParams(location.hash.slice(1));
  const key = (row, column) => row.cells[column].dataset.key ?? row.cells[column].textContent;
  const compare = (a, b) => (a !== "" && b !== "" && !isNaN(a) && !isNaN(b) ? a - b : a.localeCompare(b));

  function draw() {
    const wanted = (state.get("q") ?? "").toLowerCase();
    const changed = state.get("only") === "changed";
    const column = heads.findIndex((head) => head.dataset.name === state.get("sort"));
    const down = state.get("order") === "down" ? -1 : 1;
    const rows = [...body.rows];
    if (column >= 0) rows.sort((a, b) => down * compare(key(a, column), key(b, column))).forEach((row) => body.append(row));
    heads.forEach((head, index) => {
      if (index === column) head.setAttribute("aria-sort", down === 1 ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    });
    let count = 0;
    for (const row of rows) {
      const hidden = !row.dataset.text.includes(wanted) || (changed && row.dataset.changed === "0");
      row.hidden = hidden;
      const section = document.getElementById(`builder-${row.dataset.name}`);
      if (section) section.hidden = hidden;
      if (!hidden) count += 1;
    }
    shown.textContent = `${count} of ${rows.length} builders`;
    search.value = state.get("q") ?? "";
    only.checked = changed;
  }

  function change(values) {
    for (const [name, value] of Object.entries(values)) value ? state.set(name, value) : state.delete(name);
    history.replaceState(null, "", `#${state}`);
    draw();
  }

  search.addEventListener("input", () => change({ q: search.value }));
  only.addEventListener("change", () => change({ only: only.checked ? "changed" : "" }));
  for (const head of heads) {
    const button = head.querySelector("button");
    button?.addEventListener("click", () => {
      const again = state.get("sort") === head.dataset.name && state.get("order") !== "down";
      change({ sort: head.dataset.name, order: again ? "down" : "" });
    });
  }
  document.querySelector(".tools").hidden = false;
  draw();
  document.documentElement.dataset.ready = "yes";
})();
