"""The mean of the weights that a fine-tuning keeps: of its start, and of what each of its branches learnt."""

from collections.abc import Callable, Sequence

import keras

from kwslib.config.recipe import Recipe


class WeightMean:
    """The networks behind the mean of a floating-point phase that starts from a finished network.

    A network that learns something new loses some of what it knew. Between its weights and those it started from lie
    networks that know nearly all of both (Wortsman et al., 2022).

    Parameters
    ----------
    copy : callable
        Makes another network of the start's weights, as `kwslib.network.ds_cnn.float_network` builds it.
    recipe : Recipe
        Gives the share of the start, and the number of branches.
    """

    def __init__(self, copy: Callable[[], keras.Model], recipe: Recipe):
        self.share = recipe.start_share
        self.first, self.kept = copy(), copy()
        self.finished = copy() if recipe.branches > 1 else None

    @property
    def owners(self) -> dict[str, keras.Model]:
        """The networks that a checkpoint keeps, by name."""
        found = {"first": self.first, "mixed": self.kept, "finished": self.finished}
        return {name: network for name, network in found.items() if network is not None}

    def update(self, learnt: keras.Model, finished: int) -> None:
        """Set the weights that are kept; batch norm's statistics are to be measured again.

        Parameters
        ----------
        learnt : keras.Model
            The network in training.
        finished : int
            Number of the branches that have ended.
        """
        share = (1 - self.share) / (finished + 1)
        parts = [(share, learnt)]
        if self.finished is not None and finished:
            parts.append((finished * share, self.finished))
        if self.share:
            parts.append((self.share, self.first))
        average(self.kept, parts)

    def end_branch(self, learnt: keras.Model, finished: int) -> None:
        """Take in what a branch has learnt.

        Parameters
        ----------
        learnt : keras.Model
            What the branch ends at: the network in training, or a running average of it.
        finished : int
            Number of the branches that ended before.
        """
        assert self.finished is not None  # there are several branches
        part = 1 / (finished + 1)
        average(self.finished, [(part, learnt), (1 - part, self.finished)])


def average(target: keras.Model, parts: Sequence[tuple[float, keras.Model]]) -> None:
    """Set the trainable weights of a network to a weighted sum of others'.

    Parameters
    ----------
    target : keras.Model
        It may be among the parts.
    parts : sequence of (float, keras.Model)
        Share and network, of one architecture. The shares add up to one.
    """
    columns = zip(*(network.trainable_variables for _, network in parts), strict=True)
    for mean, values in zip(target.trainable_variables, columns, strict=True):
        mean.assign(sum(share * value for (share, _), value in zip(parts, values, strict=True)))
