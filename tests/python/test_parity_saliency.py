# SPDX-License-Identifier: Apache-2.0
"""The maps of `sanas_saliency` against captum's on the same network in PyTorch."""

import copy
from contextlib import contextmanager
from unittest import mock

import programs
import pytest
import torch
import trained
from captum.attr import IntegratedGradients, LayerAttribution, LayerGradCam, NoiseTunnel, Saliency
from inspect_tool import assert_close
from safetensors.torch import load_file

IMAGES = 3
METHODS = ("gradient", "smoothgrad", "integrated_gradients", "gradcam")
SEED = 7


@pytest.fixture(scope="module", name="networks")
def both_kinds(tmp_path_factory):
    checkpoint, model = trained.discrete(tmp_path_factory.mktemp("discrete"))
    supernet, search_model, arch = trained.searched(tmp_path_factory.mktemp("searched"))
    return {
        "discrete": (checkpoint, trained.Pixels(model)),
        "supernet": (supernet, trained.Pixels(search_model, arch)),
    }


@pytest.fixture(scope="module", name="images")
def image_folder(tmp_path_factory):
    """Images of the network's own size, so that nothing is resized, and their pixels."""
    folder = tmp_path_factory.mktemp("images")
    return folder, trained.write_images(folder, IMAGES, (32, 32))


def maps(networks, kind, images, out, dtype, *arguments):
    """Every map of every method, and the predictions."""
    command = ("--checkpoint", networks[kind][0], "--images", images, "--output", out, "--quiet")
    methods = [word for method in METHODS for word in ("--method", method)]
    more = ("--dtype", dtype, "--seed", SEED, "--threads", 1, *arguments)
    result = programs.run("sanas_saliency", *command, *methods, *more)
    assert result.returncode == 0, result.stderr
    found = {}
    for method in METHODS:
        tensors = load_file(out / method / "maps.safetensors")
        found[method] = torch.stack([tensors[f"{i:05}_{i}"] for i in range(IMAGES)])
    return found, trained.predictions(out / "integrated_gradients")


@contextmanager
def given_noise(x, samples):
    """captum draws torch.normal(0, deviation); here in the order of its repeated inputs."""

    def normal(mean, std):
        noise = []
        for k in range(samples):
            torch.manual_seed(trained.derive_seed(SEED, k))
            noise.append(torch.randn(x.shape[1:], dtype=x.dtype))
        noise = torch.stack(noise).repeat(len(x), 1, 1, 1)
        return (mean + std * noise).to(x.dtype)

    with mock.patch("torch.normal", normal):
        yield


def smoothgrad(network, x, target, samples, level):
    """captum's noise tunnel takes one deviation for all images: one image at a time."""
    results = []
    for image, label in zip(x, target):
        image = image[None]
        tunnel = NoiseTunnel(Saliency(network))
        with given_noise(image, samples):
            results.append(
                tunnel.attribute(
                    image,
                    nt_type="smoothgrad",
                    nt_samples=samples,
                    stdevs=float(level * (image.max() - image.min())),
                    target=label,
                    abs=False,
                )
            )
    return torch.cat(results).abs()


def last_cell(network):
    return network.model.cells[-1]


def expected(network, x, target):
    integrated = IntegratedGradients(network).attribute(
        x,
        baselines=0.0,
        target=target,
        n_steps=8,
        method="riemann_middle",
        return_convergence_delta=True,
    )
    cam = LayerGradCam(network, last_cell(network)).attribute(
        x, target=target, relu_attributions=True
    )
    return {
        "gradient": Saliency(network).attribute(x, target=target),
        "smoothgrad": smoothgrad(network, x, target, 3, 0.2),
        "integrated_gradients": integrated[0].abs(),
        "gradcam": LayerAttribution.interpolate(cam, (32, 32), "bilinear"),
    }, integrated[1]


OPTIONS = ("--samples", 3, "--noise", 0.2, "--path-steps", 8)


@pytest.mark.filterwarnings("ignore:Input Tensor 0 did not already require gradients")
@pytest.mark.parametrize(
    "kind, dtype, tolerance",
    (
        ("discrete", torch.float64, 1e-9),
        ("discrete", torch.float32, 1e-5),
        ("supernet", torch.float64, 1e-9),
    ),
)
def test_maps_are_those_of_captum(networks, kind, dtype, tolerance, images, tmp_path):
    folder, x = images
    x = x.to(dtype)
    # In the same precision: where a path crosses a kink, rounding decides on its side.
    network = copy.deepcopy(networks[kind][1]).to(dtype)
    target = network(x).argmax(1)
    name = str(dtype).removeprefix("torch.")
    found, lines = maps(networks, kind, folder, tmp_path / "maps", name, *OPTIONS)
    reference, delta = expected(network, x, target)
    for method in METHODS:
        value = reference[method].detach()
        scale = float(value.abs().max())
        assert scale > 0
        assert_close(found[method] / scale, value / scale, tolerance, method)
    errors = torch.tensor([line["completeness_error"] for line in lines])
    assert_close(errors, delta.abs(), 100 * tolerance, "completeness error")
