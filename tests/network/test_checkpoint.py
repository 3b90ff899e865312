"""What is saved comes back bit for bit; anything else is refused."""

import keras
import numpy as np
import pytest

from kwslib.errors import InputError
from kwslib.network import checkpoint, ds_cnn


def network(outputs=3, seed=0):
    keras.utils.set_random_seed(seed)
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(5), keras.layers.Dense(outputs)])


def values(owner):
    return [keras.ops.convert_to_numpy(variable) for variable in owner.variables]


def test_networks_optimizers_and_state_come_back(tmp_path):
    path = tmp_path / "new folder" / "checkpoint.npz"
    source = network()
    source.compile(keras.optimizers.Adam(0.125), "mse")
    source.train_on_batch(np.ones((2, 4), np.float32), np.ones((2, 3), np.float32))
    state = {"step": 7, "history": [{"loss": 0.1 + 0.2}], "text": "größer"}
    checkpoint.save(path, state, network=source, optimizer=source.optimizer)
    assert checkpoint.read_state(path) == state
    target, optimizer = network(seed=1), keras.optimizers.Adam()
    optimizer.build(target.trainable_variables)
    checkpoint.restore(path, network=target, optimizer=optimizer)
    for owner, restored in ((source, target), (source.optimizer, optimizer)):
        for ours, theirs in zip(values(owner), values(restored), strict=True):
            assert np.array_equal(ours, theirs)


def test_an_owner_may_be_left_out(tmp_path):
    checkpoint.save(tmp_path / "a.npz", network=network(), average=network(seed=2))
    target = network(seed=1)
    checkpoint.restore(tmp_path / "a.npz", average=target)
    assert all(np.array_equal(*pair) for pair in zip(values(target), values(network(seed=2)), strict=True))
    assert checkpoint.read_state(tmp_path / "a.npz") is None


def test_more_than_a_thousand_variables_keep_their_order(tmp_path):
    class Owner:
        def __init__(self, first):
            self.variables = [keras.Variable(np.float32(first + number)) for number in range(1002)]

    checkpoint.save(tmp_path / "a.npz", many=Owner(0))
    target = Owner(5000)
    checkpoint.restore(tmp_path / "a.npz", many=target)
    assert [float(value) for value in values(target)] == list(range(1002))


def test_another_architecture_is_refused_and_changes_nothing(tmp_path, tiny):
    checkpoint.save(tmp_path / "float.npz", network=ds_cnn.float_network(tiny))
    with pytest.raises(InputError, match="another architecture; remove it and train again"):
        checkpoint.restore(tmp_path / "float.npz", network=ds_cnn.quantised_network(tiny))
    checkpoint.save(tmp_path / "a.npz", network=network())
    target = network(outputs=2, seed=1)
    before = values(target)
    with pytest.raises(InputError, match="holds the network of another architecture"):
        checkpoint.restore(tmp_path / "a.npz", network=target)
    assert all(np.array_equal(*pair) for pair in zip(before, values(target), strict=True))


def test_a_name_that_was_not_saved_is_refused(tmp_path):
    checkpoint.save(tmp_path / "a.npz", network=network())
    with pytest.raises(InputError, match="holds the average of another architecture"):
        checkpoint.restore(tmp_path / "a.npz", average=network())


def test_files_that_are_no_checkpoint_are_refused(tmp_path):
    (tmp_path / "cut.npz").write_bytes(b"PK\x03\x04 cut off")
    np.savez(tmp_path / "other.npz", weights=np.zeros(3))
    for name in ("cut.npz", "other.npz", "missing.npz"):
        with pytest.raises(InputError, match=f"{name} is not a checkpoint of this program .*remove it|{name} is not"):
            checkpoint.read_state(tmp_path / name)


def test_a_write_that_fails_leaves_the_old_checkpoint(tmp_path):
    path = tmp_path / "a.npz"
    checkpoint.save(path, {"step": 1}, network=network())
    with pytest.raises(TypeError):
        checkpoint.save(path, {"step": object()}, network=network())
    assert checkpoint.read_state(path) == {"step": 1}
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.npz"]
