import react from "@vitejs/plugin-react";

export default {
  plugins: [react()],
  // Its packages are shared by all who test; what is made of them is not.
  cacheDir: "made",
  // All at once and at first: a package that is found later has the page loaded anew.
  optimizeDeps: { include: ["react", "react-dom/client", "react/jsx-dev-runtime"] },
};
