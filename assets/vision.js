// Vision's camera: what it takes goes to the server by the drop area beside it. js_on_load of gr.HTML.

const camera = element.querySelector(".q-camera");
const view = camera.querySelector(".q-camera-view");
const video = camera.querySelector("video");
const fault = camera.querySelector(".q-drop-state");
const taker = () => {
  for (let node = document.querySelector("#vision-add .q-drop"); node; node = node.parentElement) if (node.quintetTake) return node.quintetTake;
};
let stream = null;

function close() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  view.hidden = true;
  camera.querySelector('[data-camera="open"]').focus();
}

async function open() {
  fault.textContent = "";
  if (!navigator.mediaDevices?.getUserMedia) {
    fault.textContent = "Browsers give a camera only to pages at localhost or over https. Choose a picture instead.";
    return;
  }
  try { stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1920 } } }); } catch (error) {
    const why = { NotAllowedError: "The browser does not let this page use the camera. Allow it in the address bar, then press again.", NotFoundError: "No camera was found." };
    fault.textContent = why[error.name] || `The camera could not be used: ${error.message}.`;
    return;
  }
  video.srcObject = stream;
  view.hidden = false;
  await video.play();
  camera.querySelector('[data-camera="take"]').focus();
}

function take() {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  canvas.getContext("2d").drawImage(video, 0, 0);
  canvas.toBlob((blob) => { close(); taker()?.([new File([blob], `camera-${Date.now()}.png`, { type: "image/png" })]); }, "image/png");
}

camera.addEventListener("click", (event) => {
  const what = event.target.closest("[data-camera]")?.dataset.camera;
  if (what === "open") open(); else if (what === "take") take(); else if (what === "close") close();
});
camera.addEventListener("keydown", (event) => { if (event.key === "Escape" && stream) { event.stopPropagation(); close(); } });
