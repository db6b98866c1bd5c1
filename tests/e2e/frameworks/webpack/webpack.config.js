module.exports = {
  mode: "development",
  entry: "./src/main.js",
  devServer: {
    // The page itself; what it is made of is watched by the bundler.
    static: { directory: __dirname, watch: false },
    // Where the page came from, and not the port of this server, which speaks no TLS.
    client: { webSocketURL: "auto://0.0.0.0:0/ws" },
  },
};
