"use strict";
// The page's behaviour: what is chosen in one place is shown in all, and the 3D view (three.js in `THREE`).
// Everything lies in the page; the Content Security Policy lets nothing be loaded.

(() => {
  document.getElementById("no-script").remove();
  const page = JSON.parse(document.getElementById("page-data").textContent);
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  let viewer = null;
  let chosen = { teeth: [], finding: null };

  // ------------------------------------------------------------ what is chosen

  function choose(teeth, finding = null) {
    const again = finding === chosen.finding && String(teeth) === String(chosen.teeth);
    chosen = again ? { teeth: [], finding: null } : { teeth, finding };
    const is = (tooth) => chosen.teeth.includes(Number(tooth));
    for (const button of all("button[data-tooth]")) {
      button.setAttribute("aria-pressed", String(is(button.dataset.tooth)));
    }
    for (const row of all("tr[data-tooth]")) row.classList.toggle("chosen", is(row.dataset.tooth));
    for (const card of all("[data-finding]")) {
      const on = chosen.finding === null
        ? page.findings[card.dataset.finding].teeth.some(is)
        : Number(card.dataset.finding) === chosen.finding;
      card.classList.toggle("chosen", on);
      all("button.show", card).forEach((button) => button.setAttribute("aria-pressed", String(
        chosen.finding !== null && on)));
    }
    const said = chosen.finding !== null ? [page.findings[chosen.finding].said] : [];
    const words = said.concat(chosen.teeth.map((tooth) => page.teeth[tooth]).filter(Boolean));
    document.getElementById("chosen").textContent = words.join(" ") || page.nothing;
    if (viewer) viewer.show(chosen.teeth, chosen.finding);
  }

  document.addEventListener("click", (event) => {
    const tooth = event.target.closest("button[data-tooth]") || event.target.closest("tr[data-tooth]");
    const card = event.target.closest("[data-finding]");
    if (tooth) choose([Number(tooth.dataset.tooth)]);
    else if (card && !event.target.closest("a")) {
      const number = Number(card.dataset.finding);
      choose(page.findings[number].teeth, number);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && (chosen.teeth.length || chosen.finding !== null)) choose([]);
  });

  // ------------------------------------------------------------ the 3D view

  const CHOSEN = 0x1d6fd8;
  const FADED = 0.2;
  const STATES = { error: 0xe8695e, warning: 0xf2b444, info: 0x8dbbe8, fine: 0xf2e9d8 };
  const MARKS = { error: 0xb3261e, warning: 0x8a5200, info: 0x1f5c99 };
  const GINGIVA = 0xdd9a90;
  // From where each view looks (x: the patient's left, y: up, z: the front).
  const VIEWS = {
    front: [0, 0.12, 1], right: [-1, 0.12, 0.25], left: [1, 0.12, 0.25], above: [0, 1, 0.001], below: [0, -1, 0.001],
  };

  async function inflated(text) {
    const packed = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).arrayBuffer();
  }

  /** The parts' geometries; `page.model` says how `data` is laid out (DentalTopoSegLib/reports/page_content.py). */
  function geometries(buffer) {
    const { parts, lower, upper } = page.model;
    const data = new DataView(buffer);
    let at = 0;
    const read = (wide) => {
      const value = wide ? data.getUint32(at, true) : data.getUint16(at, true);
      at += wide ? 4 : 2;
      return value;
    };
    return parts.map(([fdi, count, faces, wide]) => {
      const points = new Float32Array(3 * count);
      for (let axis = 0; axis < 3; axis += 1) {
        const step = (upper[axis] - lower[axis]) / 65535;
        for (let i = 0, value = 0; i < count; i += 1) {
          value = (value + read(false)) & 0xffff;
          points[3 * i + axis] = lower[axis] + value * step;
        }
      }
      const corners = wide ? new Uint32Array(3 * faces) : new Uint16Array(3 * faces);
      for (let i = 0, value = 0; i < corners.length; i += 1) {
        corners[i] = value = wide ? (value + read(true)) >>> 0 : (value + read(false)) & 0xffff;
      }
      const geometry = new THREE.BufferGeometry();
      geometry.setAttribute("position", new THREE.BufferAttribute(points, 3));
      geometry.setIndex(new THREE.BufferAttribute(corners, 1));
      geometry.computeVertexNormals();
      geometry.computeBoundingSphere();
      return { fdi, geometry };
    });
  }

  class Viewer {
    constructor(stage, parts) {
      this.stage = stage;
      this.renderer = new THREE.WebGLRenderer({ antialias: true, alpha: true, preserveDrawingBuffer: true });
      this.renderer.setPixelRatio(Math.min(window.devicePixelRatio, 2));
      stage.prepend(this.renderer.domElement);
      this.scene = new THREE.Scene();
      this.camera = new THREE.PerspectiveCamera(30, 1, 1, 2000);
      this.scene.add(new THREE.HemisphereLight(0xffffff, 0x8890a0, 1.5), this.camera);
      const light = new THREE.DirectionalLight(0xffffff, 1.9);
      light.position.set(-0.6, 0.8, 1);
      this.camera.add(light);
      this.byNumber = false;
      this.chosen = [];
      this.meshes = parts.map(({ fdi, geometry }) => {
        const material = new THREE.MeshPhongMaterial({ shininess: 45, specular: 0x2a2a2a, side: THREE.DoubleSide });
        const mesh = new THREE.Mesh(geometry, material);
        mesh.userData = { fdi, upper: fdi ? [1, 2, 5, 6].includes(Math.floor(fdi / 10)) : null };
        this.scene.add(mesh);
        return mesh;
      });
      this.marks = page.findings.map((finding) => {
        if (!finding.mark) return null;
        const material = new THREE.MeshPhongMaterial({ color: MARKS[finding.severity], depthTest: false });
        const mark = new THREE.Mesh(new THREE.SphereGeometry(0.9, 24, 16), material);
        mark.position.set(...finding.mark);
        mark.renderOrder = 2;
        mark.visible = false;
        this.scene.add(mark);
        return mark;
      });
      this.numbers = this.meshes.filter((mesh) => mesh.userData.fdi).map((mesh) => {
        const element = document.createElement("span");
        element.textContent = mesh.userData.fdi;
        stage.querySelector(".numbers").append(element);
        return { mesh, element };
      });
      // a single jaw is seen a little from its chewing side
      const uppers = new Set(this.meshes.map((mesh) => mesh.userData.upper).filter((upper) => upper !== null));
      this.tilt = uppers.size > 1 ? 0 : uppers.has(true) ? -0.6 : 0.4;
      this.middle = new THREE.Vector3().addVectors(
        new THREE.Vector3(...page.model.lower), new THREE.Vector3(...page.model.upper)).multiplyScalar(0.5);
      this.size = new THREE.Vector3(...page.model.upper).distanceTo(new THREE.Vector3(...page.model.lower));
      this.controls = new THREE.OrbitControls(this.camera, this.renderer.domElement);
      this.controls.enablePan = false;
      this.controls.rotateSpeed = 0.8;
      this.controls.minDistance = this.size * 0.25;
      this.controls.maxDistance = this.size * 5;
      this.controls.target.copy(this.middle);
      this.controls.addEventListener("change", () => this.draw());
      // a finger that goes up or down scrolls the page, so that nobody is caught in the view
      this.renderer.domElement.style.touchAction = "pan-y";
      this.listen();
      this.color();
      new ResizeObserver(() => this.resize()).observe(stage);
      this.resize();
      this.look("front", true);
    }

    listen() {
      const canvas = this.renderer.domElement;
      let pressed = null;
      canvas.addEventListener("pointerdown", (event) => { pressed = [event.clientX, event.clientY]; });
      canvas.addEventListener("pointerup", (event) => {
        const still = pressed && Math.hypot(event.clientX - pressed[0], event.clientY - pressed[1]) < 5;
        const tooth = still ? this.toothAt(event) : 0;
        if (tooth) choose([tooth]);
      });
      this.stage.addEventListener("keydown", (event) => this.onKey(event));
      for (const button of all("button[data-view]")) {
        button.addEventListener("click", () => this.look(button.dataset.view));
      }
      for (const button of all("button[data-switch]")) {
        button.addEventListener("click", () => {
          const on = button.getAttribute("aria-pressed") !== "true";
          button.setAttribute("aria-pressed", String(on));
          this.turnSwitch(button.dataset.switch, on);
        });
      }
    }

    turnSwitch(what, on) {
      if (what === "colors") this.byNumber = on;
      else if (what === "numbers") this.stage.classList.toggle("without-numbers", !on);
      else {
        for (const mesh of this.meshes) {
          const { fdi, upper } = mesh.userData;
          if (what === "gum" ? fdi === 0 : fdi && upper === (what === "upper")) mesh.visible = on;
        }
      }
      this.color();
    }

    toothAt(event) {
      const box = this.renderer.domElement.getBoundingClientRect();
      const place = new THREE.Vector2(
        2 * (event.clientX - box.left) / box.width - 1, 1 - 2 * (event.clientY - box.top) / box.height);
      const ray = new THREE.Raycaster();
      ray.setFromCamera(place, this.camera);
      const seen = this.meshes.filter((mesh) => mesh.visible && mesh.material.opacity === 1);
      const hit = ray.intersectObjects(seen, false)[0];
      return hit ? hit.object.userData.fdi : 0;
    }

    onKey(event) {
      const turns = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
      if (event.target !== this.stage) return;
      if (turns[event.key]) {
        const [aside, up] = turns[event.key];
        const offset = this.camera.position.clone().sub(this.middle);
        const distance = offset.length();
        const height = Math.asin(offset.y / distance) + up * Math.PI / 18;
        const round = Math.atan2(offset.x, offset.z) + aside * Math.PI / 18;
        this.place(round, Math.max(-1.55, Math.min(1.55, height)), distance);
      } else if (event.key === "+" || event.key === "=" || event.key === "-") {
        const offset = this.camera.position.clone().sub(this.middle);
        const wanted = offset.length() * (event.key === "-" ? 1.15 : 1 / 1.15);
        offset.setLength(Math.max(this.controls.minDistance, Math.min(this.controls.maxDistance, wanted)));
        this.camera.position.copy(this.middle).add(offset);
        this.controls.update();
        this.draw();
      } else if (event.key === "Home") this.look("front");
      else return;
      event.preventDefault();
    }

    place(round, height, distance) {
      this.camera.position.set(
        Math.sin(round) * Math.cos(height), Math.sin(height), Math.cos(round) * Math.cos(height))
        .multiplyScalar(distance).add(this.middle);
      this.controls.update();
      this.draw();
    }

    /** Far enough for the box of all teeth, as it is seen from there, to fit. */
    distance(direction) {
      const toward = direction.clone().normalize();
      const aside = new THREE.Vector3(0, 1, 0).cross(toward).normalize();
      const up = toward.clone().cross(aside);
      const half = new THREE.Vector3(...page.model.upper).sub(this.middle);
      const extent = (axis) => Math.abs(axis.x * half.x) + Math.abs(axis.y * half.y) + Math.abs(axis.z * half.z);
      const slope = Math.tan(Math.PI * this.camera.fov / 360);
      return 1.04 * Math.max(extent(up), extent(aside) / this.camera.aspect) / slope + 0.7 * extent(toward);
    }

    look(view, atOnce = false) {
      this.view = view;
      const direction = new THREE.Vector3(...VIEWS[view]);
      if (Math.abs(direction.y) < 1) direction.y += this.tilt;
      const round = Math.atan2(direction.x, direction.z);
      const height = Math.asin(direction.y / direction.length());
      const distance = this.distance(direction);
      if (atOnce || still.matches) {
        this.place(round, height, distance);
        return;
      }
      const offset = this.camera.position.clone().sub(this.middle);
      const begin = [Math.atan2(offset.x, offset.z), Math.asin(offset.y / offset.length()), offset.length()];
      const turn = ((round - begin[0] + 3 * Math.PI) % (2 * Math.PI)) - Math.PI;
      const started = performance.now();
      const step = (now) => {
        const share = Math.min(1, (now - started) / 350);
        const soft = share * share * (3 - 2 * share);
        this.place(begin[0] + soft * turn, begin[1] + soft * (height - begin[1]),
          begin[2] + soft * (distance - begin[2]));
        if (share < 1 && this.view === view) requestAnimationFrame(step);
      };
      requestAnimationFrame(step);
    }

    show(teeth, finding) {
      this.chosen = teeth.filter((tooth) => this.meshes.some((mesh) => mesh.userData.fdi === tooth));
      this.marks.forEach((mark, number) => { if (mark) mark.visible = number === finding; });
      this.color();
    }

    color() {
      for (const mesh of this.meshes) {
        const { fdi } = mesh.userData;
        const { material } = mesh;
        const on = this.chosen.includes(fdi);
        const faded = this.chosen.length > 0 && !on;
        const plain = fdi === 0 ? GINGIVA : this.byNumber ? page.colors[fdi] : STATES[page.states[fdi]];
        material.color.set(on ? CHOSEN : plain);
        material.transparent = faded;
        material.opacity = faded ? FADED : 1;
        material.needsUpdate = true;
      }
      this.draw();
    }

    resize() {
      const { clientWidth, clientHeight } = this.stage;
      if (!clientWidth || !clientHeight) return;
      this.renderer.setSize(clientWidth, clientHeight);
      this.camera.aspect = clientWidth / clientHeight;
      this.camera.updateProjectionMatrix();
      this.draw();
    }

    draw() {
      if (this.waiting) return;
      this.waiting = true;
      requestAnimationFrame(() => {
        this.waiting = false;
        this.renderer.render(this.scene, this.camera);
        this.stage.classList.add("moving");
        clearTimeout(this.settled);
        this.settled = setTimeout(() => this.number(), 120);
      });
    }

    /** Puts the number on every tooth whose middle is in sight. */
    number() {
      const ray = new THREE.Raycaster();
      const seen = this.meshes.filter((mesh) => mesh.visible && mesh.material.opacity === 1);
      const { clientWidth, clientHeight } = this.stage;
      for (const { mesh, element } of this.numbers) {
        const { center } = mesh.geometry.boundingSphere;
        ray.set(this.camera.position, center.clone().sub(this.camera.position).normalize());
        const hit = ray.intersectObjects(seen, false)[0];
        const flat = center.clone().project(this.camera);
        element.hidden = !hit || hit.object !== mesh;
        element.style.left = `${(flat.x + 1) / 2 * clientWidth}px`;
        element.style.top = `${(1 - flat.y) / 2 * clientHeight}px`;
      }
      this.stage.classList.remove("moving");
    }

    /** A still of the view, for paper. */
    picture() {
      this.renderer.render(this.scene, this.camera);
      return this.renderer.domElement.toDataURL("image/png");
    }
  }

  async function start() {
    const stage = document.getElementById("stage");
    if (!stage) return;
    try {
      viewer = new Viewer(stage, geometries(await inflated(document.getElementById("model-data").textContent)));
    } catch (error) {
      console.warn(error);
      document.getElementById("viewer").hidden = true;
      document.getElementById("no-viewer").hidden = false;
      return;
    }
    const paper = document.getElementById("paper");
    window.addEventListener("beforeprint", () => {
      paper.src = viewer.picture();
      paper.hidden = false;
    });
    document.documentElement.dataset.viewer = "ready";
  }
  start();
})();
