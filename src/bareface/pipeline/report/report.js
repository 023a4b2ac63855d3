"use strict";
(() => {
  const words = new Intl.Collator(undefined, { numeric: true });
  const compare = (one, other, down) => {
    if (one === null || other === null) return (one === null) - (other === null); // nothing goes last, either way
    const order = typeof one === "number" ? one - other : words.compare(one, other);
    return down ? -order : order;
  };
  const mark = (heads, chosen, down) => {
    for (const head of heads) head.setAttribute("aria-sort", "none");
    chosen.setAttribute("aria-sort", down ? "descending" : "ascending");
  };

  document.documentElement.classList.add("js");
  const choice = document.getElementById("quantity");
  const choose = () => {
    for (const part of document.querySelectorAll("[data-quantity]")) part.hidden = part.dataset.quantity !== choice.value;
  };
  if (choice) {
    choice.addEventListener("change", choose);
    choose();
  }

  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const numeric = head.classList.contains("number");
      const key = (row) => {
        const text = row.cells[column].dataset.sort;
        return text === undefined ? null : numeric ? Number(text) : text;
      };
      head.querySelector("button").addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        const rows = [...table.tBodies[0].rows];
        rows.sort((one, other) => compare(key(one), key(other), down));
        table.tBodies[0].append(...rows);
        mark(heads, head, down);
      });
    });
  }

  const source = document.getElementById("people-data");
  if (!source) return;
  const data = JSON.parse(source.textContent);
  const PAGE = 100;
  const value = (number) => (number === null ? "–" : data.share ? (100 * number).toFixed(1) : number.toFixed(3));
  const lost = (values) => {
    let most = null;
    values.forEach((each, place) => {
      if (place === 0 || each === null || values[0] === null) return;
      const gone = data.better === "more" ? values[0] - each : data.better === "less" ? each - values[0] : Math.abs(each - values[0]);
      if (most === null || gone > most.gone) most = { gone, place };
    });
    return most;
  };
  const everybody = data.recognisers.map((one) =>
    one.rows.map(([identity, group, photos, values]) => {
      const most = lost(values);
      return { identity, group, photos, values, most, search: `${identity}\n${group}`.toLowerCase() };
    }),
  );
  const place = (row) => (row.most && row.most.gone > 0 ? data.conditions[row.most.place] : null);
  const columns = [
    { title: "identity", key: (row) => row.identity, text: (row) => row.identity },
    {
      title: data.better === null ? "moved most" : "lost most",
      number: true,
      key: (row) => row.most && row.most.gone,
      text: (row) => (row.most && row.most.gone > 0 ? value(row.most.gone) : "–"),
    },
    { title: "in", key: (row) => place(row), text: (row) => place(row) || "–" },
    ...(data.grouped ? [{ title: "group", key: (row) => row.group || null, text: (row) => row.group || "–" }] : []),
    { title: "photos", number: true, key: (row) => row.photos, text: (row) => String(row.photos) },
    ...data.conditions.map((title, number) => ({
      title, number: true, screen: number > 0, key: (row) => row.values[number], text: (row) => value(row.values[number]),
    })),
  ];
  const by = (id) => document.getElementById(id);
  const element = (tag, name, text) => {
    const made = document.createElement(tag);
    if (name) made.className = name;
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const style = (column) => [column.number ? "number" : "", column.screen ? "screen" : ""].join(" ").trim(); // paper is narrow
  const state = { column: columns.findIndex((each) => each.title.endsWith("most")), down: true, page: 0, rows: [] };
  const head = by("people-head");
  const draw = () => {
    const pages = Math.max(1, Math.ceil(state.rows.length / PAGE));
    state.page = Math.min(Math.max(0, state.page), pages - 1);
    const from = state.page * PAGE;
    const shown = state.rows.slice(from, from + PAGE);
    const lines = shown.map((row) => {
      const line = element("tr");
      columns.forEach((column, number) => {
        const cell = element(number ? "td" : "th", style(column), column.text(row));
        if (!number) cell.scope = "row";
        line.append(cell);
      });
      return line;
    });
    by("people-rows").replaceChildren(...lines);
    by("people-count").textContent = shown.length
      ? `${from + 1}–${from + shown.length} of ${state.rows.length}`
      : "Nobody has this in their name or group.";
    by("people-previous").disabled = state.page === 0;
    by("people-next").disabled = state.page >= pages - 1;
  };
  const arrange = () => {
    const wanted = by("people-filter").value.trim().toLowerCase();
    const asked = by("people-recogniser");
    const { key } = columns[state.column];
    state.rows = everybody[asked ? asked.selectedIndex : 0].filter((row) => row.search.includes(wanted));
    state.rows.sort((one, other) => compare(key(one), key(other), state.down));
    state.page = 0;
    draw();
  };
  const heads = columns.map((column, number) => {
    const cell = element("th", style(column));
    cell.scope = "col";
    const button = element("button", "", column.title);
    button.type = "button";
    button.addEventListener("click", () => {
      state.down = state.column === number ? !state.down : Boolean(column.number);
      state.column = number;
      mark(heads, cell, state.down);
      arrange();
    });
    cell.append(button);
    return cell;
  });
  head.append(...heads);
  mark(heads, heads[state.column], true);
  by("people-filter").addEventListener("input", arrange);
  if (by("people-recogniser")) by("people-recogniser").addEventListener("change", arrange);
  by("people-previous").addEventListener("click", () => { state.page -= 1; draw(); });
  by("people-next").addEventListener("click", () => { state.page += 1; draw(); });
  by("people-table").hidden = false;
  arrange();
})();
