const target = process.env.SERVER || 'http://127.0.0.1:3000'; // go run ./vite

export default {
  resolve: { preserveSymlinks: true }, // socketio-sessions-client is a link here; a package needs no such line
  server: {
    // Each is an object: of a string Vite would change the Host, with which the page's Origin is compared.
    proxy: { '/socket.io': { target, ws: true }, '/visit': { target } },
  },
};
