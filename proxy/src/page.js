const lines = document.getElementById("lines");
const before = document.title;
const look = async () => {
  try {
    const answer = await fetch("/.well-known/locald/state?to=" + location.pathname + location.search, { cache: "no-store", headers: { accept: "application/json" } });
    if (!answer.headers.get("x-locald-state")) return location.reload();
    const now = await answer.json();
    if (now.title !== before) return location.reload();
    const detail = document.getElementById("detail");
    if (detail && now.detail) detail.textContent = now.detail.replaceAll("`", "");
    const isAtEnd = lines.scrollTop + lines.clientHeight >= lines.scrollHeight - 4;
    lines.textContent = now.lines.join("\n");
    if (isAtEnd) lines.scrollTop = lines.scrollHeight;
  } catch {
    /* Whoever is to answer is being replaced. */
  }
  setTimeout(look, document.hidden ? 3000 : 500);
};
look();
