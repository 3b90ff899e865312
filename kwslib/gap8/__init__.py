"""From an 8-bit .tflite to integers and cycles. Knows nothing of TensorFlow."""
