"use client";

import { useEffect, useState } from "react";

export default function Counter() {
  const [count, setCount] = useState(null);
  // What the server made counts nothing before the browser has taken it over.
  useEffect(() => setCount((counted) => counted ?? 0), []);
  return <button onClick={() => setCount(count + 1)}>before {count}</button>;
}
