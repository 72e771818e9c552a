"""Small 3D games on Panda3D (BSD licence), drawn by its software renderer, with its own models.

Panda3D's wheel holds a renderer that needs neither a display nor OpenGL, a forest, a panda that
walks, and a few things to put into a field. The games are made of those here: someone walks, rolls
or flies through them, smoothly, under a camera that follows, stands still, or is the player's eye.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import numpy as np

from pyanalyzer.records import U8
from pyanalyzer.simulate.encode import Layout, full
from pyanalyzer.simulate.engine import Action, Channel, Purpose, SimulationError
from pyanalyzer.simulate.forked import ForkedGame
from pyanalyzer.simulate.stage import Continuity, Stage

SIZES_PX = ((320, 240), (384, 256), (480, 320), (512, 288))
SIDE = Channel(("left", "right"), 3.0)
DEPTH = Channel(("up", "down"), 2.5)
WALK = Channel(("forward", "backward"), 3.0)
TURN = Channel(("turn_left", "turn_right"), 3.0)
JUMP = Channel(("jump",), 1.5)
MOVES_VIEW = frozenset(
    {"forward", "backward", "turn_left", "turn_right", "mouse_left", "mouse_right"}
)

GRAVITY = 18.0  # units per s^2; a unit is about a metre
JUMP_SPEED = 7.0
TURN_DEG_S = 100.0
CLIMB_DEG = 20.0
RESPONSE_S = 0.12  # how fast a speed follows the keys
CAMERA_S = 0.35  # and the camera the player
FIELD = 42.0  # half the side of the ground
THINGS = ("box", "teapot", "jack", "smiley", "frowney")
THING_SIZE = {"box": 1.0, "teapot": 0.4, "jack": 0.7, "smiley": 0.7, "frowney": 0.7}
GROUNDS = ("envir-ground.jpg", "envir-rock1.jpg", "envir-rock2.jpg", "grid.rgb", "color-grid.rgb")


@dataclass(frozen=True, slots=True)
class PandaSpec:
    """A game. ``camera``: behind the player, at one place, from the side, or the player's eye."""

    place: Literal["forest", "field"]
    player: Literal["panda", "ball"] | None
    camera: Literal["chase", "fixed", "side", "eye", "flight"]
    speed: float
    rate: int
    reach: float  # half the side of the square that the player can be in
    things: int
    channels: tuple[Channel, ...]
    axis: bool = False


GAMES: dict[str, PandaSpec] = {
    "forest_chase": PandaSpec("forest", "panda", "chase", 5.0, 30, 14.0, 8, (WALK, TURN, JUMP)),
    "forest_walk": PandaSpec(
        "forest", None, "eye", 6.0, 30, 14.0, 8, (WALK, SIDE, TURN), axis=True
    ),
    "field_flight": PandaSpec("field", None, "flight", 8.0, 30, 22.0, 90, (TURN, DEPTH)),
    "field_walk": PandaSpec("field", "panda", "side", 6.0, 60, 14.0, 26, (SIDE, JUMP)),
    "marble": PandaSpec("field", "ball", "fixed", 6.0, 60, 7.0, 16, (SIDE, DEPTH, JUMP)),
}


class PandaGame(ForkedGame):
    """One of :data:`GAMES`; things, colours and lens are drawn from ``seed``."""

    def __init__(self, name: str, seed: int, layout: Layout) -> None:
        if name not in GAMES:
            raise SimulationError(f"panda3d has no game named {name!r} ({', '.join(GAMES)})")
        spec = self._spec = GAMES[name]
        self.axis = spec.axis
        super().__init__(
            f"panda3d/{name}",
            packages=("panda3d",),
            module=__name__,
            options={"name": name, "seed": seed, "size_px": [layout.width_px, layout.height_px]},
            frame_rate=Fraction(spec.rate),
            channels=spec.channels,
        )

    def kind_of(self, controls: frozenset[str]) -> Purpose:
        """The eye sees every step; a camera that follows, walking and turning."""
        if self._spec.camera in ("eye", "flight"):
            return "move_view"
        return "move_view" if controls & MOVES_VIEW else "move"


def layouts(name: str) -> tuple[Layout, ...]:
    """The ways in which a game may be shown: it is drawn at the video's size."""
    del name
    return tuple(full(w, h) for w, h in SIZES_PX)


def perform(stage: Stage) -> None:
    """Play one of :data:`GAMES` (in a process of its own)."""
    spec = GAMES[stage.options["name"]]
    world = _World(spec, stage.options["seed"], *stage.options["size_px"])
    while True:
        continuity = world.step(stage.next_action())
        stage.show(world.draw, continuity)


class _World:
    """The scene, the player in it, and the camera. Lengths in units, angles in degrees."""

    def __init__(self, spec: PandaSpec, seed: int, width_px: int, height_px: int) -> None:
        self._spec, self._rng = spec, random.Random(seed)
        self._dt = 1 / spec.rate
        self._time = 0.0
        self._screen = _Screen(width_px, height_px, self._rng.uniform(55, 80))
        self._things: list[tuple[Any, float, float, float]] = []
        self._build()
        near = 2.0 if spec.place == "forest" else spec.reach / 2
        self._x, self._y = self._rng.uniform(-near, near), self._rng.uniform(-near, near)
        self._z = 2.5 if spec.camera == "flight" else 0.0
        self._heading, self._pitch = self._rng.uniform(-180, 180), 0.0
        self._ahead = self._across = self._rise = self._spin = 0.0
        self._phase = 0.0  # of the walk
        self._follow(1.0)

    def _build(self) -> None:
        screen, rng = self._screen, self._rng
        if self._spec.place == "forest":
            forest = screen.load("models/environment", screen.scene)
            forest.setScale(0.25)
            forest.setPos(-8, 42, 0)
        else:
            screen.lay_ground(rng.choice(GROUNDS), FIELD, rng.randint(8, 16))
            screen.light()
        # Things stand a little beyond the reach too: there is something to see at its border.
        spread = 1.3 * self._spec.reach
        for _ in range(self._spec.things):
            name = rng.choice(THINGS)
            x, y = rng.uniform(-spread, spread), rng.uniform(-spread, spread)
            thing = screen.load(f"models/{name}", screen.scene)
            size = THING_SIZE[name] * rng.uniform(0.7, 1.8)
            thing.setScale(size)
            thing.setH(rng.uniform(0, 360))
            thing.setColorScale(*(rng.uniform(0.4, 1.0) for _ in range(3)), 1)
            rolls = name in ("smiley", "frowney", "jack") and rng.random() < 0.6
            height = 0.0 if name in ("box", "teapot") else size
            thing.setPos(x, y, height)
            if rolls:
                self._things.append((thing, x, rng.uniform(0.5, 2.0), rng.uniform(0, 6)))
        self._player = None
        if self._spec.player == "panda":
            self._player = screen.load_walker("models/panda-model", "models/panda-walk4")
            self._player.setScale(0.004)
        elif self._spec.player == "ball":
            self._player = screen.load("models/smiley", screen.scene)
            self._player.setScale(0.8)

    def step(self, action: Action) -> Continuity:
        """One frame under ``action``; whether it goes on from the frame before."""
        spec, dt, held = self._spec, self._dt, action.held
        self._time += dt

        def pull(plus: str, minus: str) -> float:
            return float(plus in held) - float(minus in held)

        gain = 1 - math.exp(-dt / RESPONSE_S)
        absolute = spec.camera in ("fixed", "side")
        ahead = pull("up", "down") if absolute else pull("forward", "backward")
        if spec.camera == "flight":
            ahead = 1.0
            self._pitch += (CLIMB_DEG * pull("up", "down") - self._pitch) * (1 - math.exp(-dt * 2))
            self._z = min(
                max(self._z + math.sin(math.radians(self._pitch)) * spec.speed * dt, 0.8), 7.0
            )
        self._ahead += (spec.speed * ahead - self._ahead) * gain
        self._across += (spec.speed * pull("right", "left") - self._across) * gain
        self._spin += (TURN_DEG_S * pull("turn_left", "turn_right") - self._spin) * gain
        self._heading += self._spin * dt - action.turn_deg
        angle = 0.0 if absolute else math.radians(self._heading)
        dx = self._across * math.cos(angle) - self._ahead * math.sin(angle)
        dy = self._across * math.sin(angle) + self._ahead * math.cos(angle)
        continuity = self._move(dx * dt, dy * dt)
        if spec.camera != "flight":
            grounded = self._z <= 0 and self._rise <= 0
            self._rise = JUMP_SPEED if "jump" in held and grounded else self._rise - GRAVITY * dt
            self._z = max(self._z + self._rise * dt, 0.0)
            self._rise = 0.0 if self._z <= 0 else self._rise
        self._phase += math.hypot(dx, dy) * dt * 9
        self._follow(1 - math.exp(-dt / CAMERA_S))
        return continuity

    def _move(self, dx: float, dy: float) -> Continuity:
        limit = self._spec.reach
        x, y = self._x + dx, self._y + dy
        if self._spec.camera == "flight" and max(abs(x), abs(y)) > limit:
            self._x, self._y = -self._x, -self._y  # to the other side of the field
            return "cut"
        self._x, self._y = min(max(x, -limit), limit), min(max(y, -limit), limit)
        if self._player is None:
            return "goes_on"
        if self._spec.player == "ball":
            self._player.setP(self._player.getP() - math.degrees(dy / 0.8))
            self._player.setR(self._player.getR() + math.degrees(dx / 0.8))
        elif self._spec.camera == "side":
            if abs(dx) > 1e-3:
                self._player.setH(90 if dx > 0 else -90)
        else:
            self._player.setH(self._heading + 180)
        return "goes_on"

    def _follow(self, gain: float) -> None:
        """Put the camera where it belongs, or a share ``gain`` of the way there."""
        camera, spec = self._screen.camera, self._spec
        x, y, z = self._x, self._y, self._z
        if spec.camera in ("eye", "flight"):
            eye = 0.0 if spec.camera == "flight" else 1.7
            camera.setPos(x, y, z + eye)
            down = -10.0 if spec.camera == "flight" else 0.0
            camera.setHpr(self._heading, down + self._pitch / 2, -self._spin / 6)
            return
        if spec.camera == "fixed":
            camera.setPos(0, -1.7 * spec.reach, 1.3 * spec.reach)
            camera.lookAt(0, -1, 0)
            return
        angle = math.radians(self._heading)
        wanted = (
            (x + 9 * math.sin(angle), y - 9 * math.cos(angle), z / 2 + 3.5)
            if spec.camera == "chase"
            else (x, y - 10, z / 3 + 3.0)
        )
        now = camera.getPos()
        camera.setPos(*(n + (w - n) * gain for n, w in zip(now, wanted, strict=True)))
        if spec.camera == "chase":
            camera.lookAt(x, y, z / 2 + 1.5)

    def draw(self) -> U8:
        """The picture, uint8 (height_px, width_px, 3), RGB."""
        for thing, x, reach, phase in self._things:
            thing.setX(x + reach * math.sin(self._time + phase))
            thing.setR(90 * reach * math.sin(self._time + phase))
        if self._player is not None:
            lift = 0.8 if self._spec.player == "ball" else 0.0
            self._player.setPos(self._x, self._y, self._z + lift)
        return self._screen.draw(self._phase)


class _Screen:
    """Panda3D's scene graph, without its application framework, drawn into memory."""

    def __init__(self, width_px: int, height_px: int, view_deg: float) -> None:
        import panda3d
        from panda3d import core

        self._core: Any = core
        core.loadPrcFileData("", "notify-level fatal")
        core.getModelPath().appendDirectory(str(Path(panda3d.__file__).parent))
        self._engine = core.GraphicsEngine.getGlobalPtr()
        pipe = core.GraphicsPipeSelection.getGlobalPtr().makeModulePipe("p3tinydisplay")
        frame, window = core.FrameBufferProperties(), core.WindowProperties()
        frame.setRgbColor(True)
        frame.setDepthBits(1)
        window.setSize(width_px, height_px)
        refuse = core.GraphicsPipe.BFRefuseWindow
        self._buffer = self._engine.makeOutput(pipe, "screen", 0, frame, window, refuse)
        self._texture = core.Texture()
        outputs = core.GraphicsOutput
        self._buffer.addRenderTexture(self._texture, outputs.RTMCopyRam, outputs.RTPColor)
        self._buffer.setClearColor((0.45, 0.65, 0.95, 1))
        self.scene = core.NodePath("scene")
        lens = core.PerspectiveLens()
        lens.setAspectRatio(width_px / height_px)
        lens.setFov(view_deg)
        lens.setNear(0.2)
        self.camera = self.scene.attachNewNode(core.Camera("camera", lens))
        self._buffer.makeDisplayRegion().setCamera(self.camera)
        self._walk: Any = None

    def load(self, name: str, parent: Any) -> Any:
        """The model ``name`` of Panda3D's wheel, under ``parent``."""
        core = self._core
        node = core.Loader.getGlobalPtr().loadSync(core.Filename(name))
        if node is None:
            raise SimulationError(f"panda3d has no model {name!r}")
        return parent.attachNewNode(node)

    def load_walker(self, model: str, walk: str) -> Any:
        """A model that walks: :meth:`draw` takes the phase of its walk."""
        core = self._core
        top = self.scene.attachNewNode("walker")
        figure = self.load(model, top)
        self.load(walk, figure)
        self._walk = core.AnimControlCollection()
        loose = core.PartGroup.HMFOkWrongRootName | core.PartGroup.HMFOkAnimExtra
        core.autoBind(figure.node(), self._walk, loose | core.PartGroup.HMFOkPartExtra)
        return top

    def lay_ground(self, texture: str, half: float, repeats: int) -> None:
        """A textured square of 2 ``half`` units a side, in tiles: near ones are clipped singly."""
        core = self._core
        image = core.TexturePool.loadTexture(core.Filename(f"models/maps/{texture}"))
        card = core.CardMaker("ground")
        side = 2 * half / repeats
        card.setFrame(0, side, 0, side)
        for column in range(repeats):
            for row in range(repeats):
                tile = self.scene.attachNewNode(card.generate())
                tile.setP(-90)
                tile.setPos(-half + column * side, -half + row * side, 0)
                tile.setTexture(image)

    def light(self) -> None:
        """Light from all around, and the sun's."""
        core = self._core
        ambient = core.AmbientLight("sky")
        ambient.setColor((0.6, 0.6, 0.6, 1))
        self.scene.setLight(self.scene.attachNewNode(ambient))
        sun = core.DirectionalLight("sun")
        sun.setColor((0.6, 0.6, 0.55, 1))
        node = self.scene.attachNewNode(sun)
        node.setHpr(-40, -50, 0)
        self.scene.setLight(node)

    def draw(self, phase: float) -> U8:
        """The picture with the walker in ``phase`` (frames of its walk)."""
        if self._walk is not None:
            for k in range(self._walk.getNumAnims()):
                control = self._walk.getAnim(k)
                control.pose(int(phase) % control.getNumFrames())
        self._engine.renderFrame()
        height, width = self._texture.getYSize(), self._texture.getXSize()
        pixels = np.frombuffer(self._texture.getRamImageAs("RGB"), np.uint8)
        picture: U8 = pixels.reshape(height, width, 3)[::-1]
        return picture
