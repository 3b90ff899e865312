"""DS-CNN with quantisation-aware training. The only package that imports TensorFlow and Keras."""
