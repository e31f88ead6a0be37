//! One layer: many sums of products of the same numbers.
//!
//! In: as many numbers as a row of the layer has. Out: one number a row, its bias included. Spectrum, convolutions and
//! LSTM cell all come down to this, because their inputs lie as their weights do (`weights`).
//!
//! Promised: no allocation; never more than the slices given. The processor is asked once, when a layer is made, whether
//! it has wide arithmetic (AVX2 and FMA); where it has not, the same loop runs without. The two differ in rounding.

/// Numbers taken at once.
const LANES: usize = 8;
/// Rows taken at once, so that each input is loaded once for four.
const ROWS: usize = 4;

/// Rows of weights, and a bias for each.
#[derive(Clone)]
pub(super) struct Layer {
    /// Rows of `length`, filled up with silent ones to a multiple of [`ROWS`].
    weights: Vec<f32>,
    biases: Vec<f32>,
    length: usize,
    wide: bool,
}

impl Layer {
    /// Takes rows whose length is a multiple of 8, and as many biases as rows.
    pub(super) fn new(mut weights: Vec<f32>, mut biases: Vec<f32>, length: usize) -> Self {
        let rows = biases.len().next_multiple_of(ROWS);
        weights.resize(rows * length, 0.0);
        biases.resize(rows, 0.0);
        Self { weights, biases, length, wide: has_wide() }
    }

    /// The layer on the beginning of `input`; as many numbers as `output` holds.
    pub(super) fn apply(&self, input: &[f32], output: &mut [f32]) {
        let input = &input[..self.length];
        #[cfg(target_arch = "x86_64")]
        if self.wide {
            #[expect(unsafe_code, reason = "`wide` is only true where the processor was asked for these instructions")]
            // SAFETY: `has_wide` found AVX2 and FMA, which are all that `wide_rows` asks for.
            unsafe {
                wide_rows(&self.weights, &self.biases, input, output);
            }
            return;
        }
        rows(&self.weights, &self.biases, input, output);
    }

    /// The same, with what is below zero made zero.
    pub(super) fn apply_relu(&self, input: &[f32], output: &mut [f32]) {
        self.apply(input, output);
        for out in output {
            *out = out.max(0.0);
        }
    }

    #[cfg(test)]
    pub(super) fn without_wide(mut self) -> Self {
        self.wide = false;
        self
    }
}

#[cfg(target_arch = "x86_64")]
fn has_wide() -> bool {
    std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_wide() -> bool {
    false
}

/// Four rows at a time, each with its own register of eight sums. Written out, because the profile of the tests does not
/// find wide instructions by itself.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
#[expect(unsafe_code, reason = "eight numbers in memory and in a register are the same, which only `transmute` says")]
fn wide_rows(weights: &[f32], biases: &[f32], input: &[f32], output: &mut [f32]) {
    use std::arch::x86_64::{__m256, _mm256_fmadd_ps, _mm256_setzero_ps};
    use std::mem::transmute;
    type Eight = [f32; LANES];
    let length = input.len();
    let (input, _) = input.as_chunks::<LANES>();
    let groups = weights.chunks_exact(ROWS * length).zip(biases.as_chunks::<ROWS>().0);
    for ((four, biases), output) in groups.zip(output.chunks_mut(ROWS)) {
        let (four, _) = four.as_chunks::<LANES>();
        let (a, rest) = four.split_at(input.len());
        let (b, rest) = rest.split_at(input.len());
        let (c, d) = rest.split_at(input.len());
        let (mut sum_a, mut sum_b) = (_mm256_setzero_ps(), _mm256_setzero_ps());
        let (mut sum_c, mut sum_d) = (_mm256_setzero_ps(), _mm256_setzero_ps());
        let mut at = 0;
        while at < input.len() {
            // SAFETY: eight `f32` and a register of eight have the same size, and every bit pattern is valid in both.
            unsafe {
                let heard = transmute::<Eight, __m256>(input[at]);
                sum_a = _mm256_fmadd_ps(heard, transmute::<Eight, __m256>(a[at]), sum_a);
                sum_b = _mm256_fmadd_ps(heard, transmute::<Eight, __m256>(b[at]), sum_b);
                sum_c = _mm256_fmadd_ps(heard, transmute::<Eight, __m256>(c[at]), sum_c);
                sum_d = _mm256_fmadd_ps(heard, transmute::<Eight, __m256>(d[at]), sum_d);
            }
            at += 1;
        }
        for ((out, sum), bias) in output.iter_mut().zip([sum_a, sum_b, sum_c, sum_d]).zip(biases) {
            // SAFETY: as above.
            let lanes = unsafe { transmute::<__m256, Eight>(sum) };
            *out = lanes.iter().sum::<f32>() + bias;
        }
    }
}

/// The same without wide instructions: eight sums a row, which a compiler widens as far as any processor of its kind can.
fn rows(weights: &[f32], biases: &[f32], input: &[f32], output: &mut [f32]) {
    let (input, _) = input.as_chunks::<LANES>();
    for ((row, bias), out) in weights.as_chunks::<LANES>().0.chunks_exact(input.len()).zip(biases).zip(output) {
        let mut sums = [0.0_f32; LANES];
        for (x, row) in input.iter().zip(row) {
            for lane in 0..LANES {
                sums[lane] += x[lane] * row[lane];
            }
        }
        *out = sums.iter().sum::<f32>() + bias;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Wide or not, it is what the definition says.
        #[test]
        fn a_layer_is_its_definition(
            rows in 1_usize..11,
            eights in 1_usize..6,
            numbers in prop::collection::vec(-2.0_f32..2.0, 11 * 48 + 48 + 11),
        ) {
            let length = eights * LANES;
            let (weights, rest) = numbers.split_at(rows * length);
            let (input, rest) = rest.split_at(length);
            let biases = &rest[..rows];
            let layer = Layer::new(weights.to_vec(), biases.to_vec(), length);
            let narrow = layer.clone().without_wide();
            let (mut wide_out, mut narrow_out) = (vec![0.0; rows], vec![0.0; rows]);
            layer.apply(input, &mut wide_out);
            narrow.apply(input, &mut narrow_out);
            for row in 0..rows {
                let products = weights[row * length..].iter().zip(input).map(|(a, b)| f64::from(*a) * f64::from(*b));
                let expected = products.sum::<f64>() + f64::from(biases[row]);
                prop_assert!((f64::from(wide_out[row]) - expected).abs() < 1e-3);
                prop_assert!((f64::from(narrow_out[row]) - expected).abs() < 1e-3);
            }
        }
    }
}
