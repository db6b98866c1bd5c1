import { word } from "./word.js";

const button = document.querySelector("button");
let count = 0;

function show() {
  button.textContent = `${word} ${count}`;
}

button.onclick = () => {
  count += 1;
  show();
};
show();
import.meta.webpackHot.accept("./word.js", show);
