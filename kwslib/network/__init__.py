"""DS-CNN with quantisation-aware training. The only package that imports TensorFlow or Keras, and lazily."""
