//! Garbage at the door. A whole file of the right form is made here, so that most of this needs no download.

use super::*;
use proptest::prelude::*;

fn put(bytes: &mut Vec<u8>, numbers: &[usize]) {
    for &number in numbers {
        bytes.extend(u32::try_from(number).unwrap().to_le_bytes());
    }
}

fn tensor(bytes: &mut Vec<u8>, name: &str, shape: &[usize], half: bool) {
    put(bytes, &[shape.len(), name.len(), usize::from(half)]);
    put(bytes, shape);
    bytes.extend(name.as_bytes());
    let count: usize = shape.iter().product();
    bytes.resize(bytes.len() + count * if half { 2 } else { 4 }, 0);
}

fn head() -> Vec<u8> {
    let mut bytes = MAGIC.to_le_bytes().to_vec();
    put(&mut bytes, &[KIND.len()]);
    bytes.extend(KIND);
    put(&mut bytes, &[6, 2, 0, STEP, EDGE, 4]);
    put(&mut bytes, ENCODER.as_flattened());
    put(&mut bytes, &[CELL, CELL, CELL, 1]);
    bytes
}

/// A file of the right form whose numbers are all zero.
fn silent_file() -> Vec<u8> {
    let mut bytes = head();
    for (number, [inputs, outputs, width]) in ENCODER.into_iter().enumerate() {
        let name = format!("_model.encoder.{number}.reparam_conv");
        tensor(&mut bytes, &format!("{name}.weight"), &[width, inputs, outputs], true);
        tensor(&mut bytes, &format!("{name}.bias"), &[outputs], false);
    }
    for way in ["ih", "hh"] {
        tensor(&mut bytes, &format!("_model.decoder.rnn.weight_{way}"), &[CELL, 4 * CELL], false);
        tensor(&mut bytes, &format!("_model.decoder.rnn.bias_{way}"), &[4 * CELL], false);
    }
    tensor(&mut bytes, "_model.decoder.decoder.2.weight", &[CELL], true);
    tensor(&mut bytes, "_model.decoder.decoder.2.bias", &[], false);
    tensor(&mut bytes, "_model.stft.forward_basis_buffer", &[256, 1, 2 * BINS], true);
    bytes
}

#[test]
fn a_whole_file_is_taken_and_each_fault_is_named() {
    let whole = silent_file();
    assert!(Weights::parse(&whole).is_ok());
    let check = |change: &dyn Fn(&mut Vec<u8>), expected: &str| {
        let mut bytes = whole.clone();
        change(&mut bytes);
        let found = Weights::parse(&bytes).unwrap_err().to_string();
        assert!(found.contains(expected), "{found}");
    };
    check(&|bytes| bytes.clear(), "the magic number");
    check(&|bytes| bytes[0] ^= 1, "no ggml file");
    check(&|bytes| bytes[8] ^= 1, "its kind");
    check(&|bytes| bytes[18] = 5, "its version");
    check(&|bytes| bytes[31] ^= 1, "its step");
    check(&|bytes| bytes.truncate(5_000), "in the middle of a part's numbers");
    check(&|bytes| bytes.truncate(head().len()), "lacks _model.stft");
    check(&|bytes| tensor(bytes, "more", &[2], false), "unexpected part more");
    check(&|bytes| tensor(bytes, "_model.decoder.rnn.bias_ih", &[1], false), "unexpected part _model.decoder.rnn");
    check(
        &|bytes| {
            let at = bytes.len() - 2;
            bytes[at..].copy_from_slice(&0x7c00_u16.to_le_bytes());
        },
        "damaged numbers in _model.stft",
    );
    check(
        &|bytes| {
            bytes.truncate(head().len());
            tensor(bytes, "_model.stft.forward_basis_buffer", &[2 * BINS, 1, 256], true);
        },
        "wrong shape in _model.stft",
    );
    check(
        &|bytes| {
            bytes.truncate(head().len());
            put(bytes, &[3, 1, 0, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff]);
            bytes.push(b'x');
        },
        "wrong shape in x",
    );
}

#[test]
fn a_file_that_is_not_there_is_unreadable() {
    let error = Weights::open(Path::new("/nonexistent/silero.bin")).unwrap_err();
    assert!(matches!(error, BadWeights::Unreadable(_)));
}

#[test]
fn halves_are_what_they_say() {
    for (bits, number) in [
        (0x0000, 0.0),
        (0x3c00, 1.0),
        (0xc000, -2.0),
        (0x3555, 0.333_251_95),
        (0x0001, 5.960_464_5e-8),
        (0x7bff, 65504.0),
    ] {
        assert_eq!(half(bits).to_bits(), f32::to_bits(number), "{bits:04x}");
    }
    assert!(half(0x7c00).is_infinite() && half(0x7e00).is_nan());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Cut anywhere, it is refused.
    #[test]
    fn what_is_cut_short_is_refused(at in any::<prop::sample::Index>()) {
        let bytes = silent_file();
        prop_assert!(Weights::parse(&bytes[..at.index(bytes.len())]).is_err());
    }

    /// Flipped bits in the heads, and bytes from nowhere, give an error or weights, but never a panic.
    #[test]
    fn flipped_bits_do_no_harm(flips in prop::collection::vec((0_usize..1_200, 0_u8..8), 1..6), from_the_end in any::<bool>()) {
        let mut bytes = silent_file();
        let length = bytes.len();
        for (at, bit) in flips {
            let at = if from_the_end { length - 133_000 + at } else { at };
            bytes[at] ^= 1 << bit;
        }
        if let Ok(weights) = Weights::parse(&bytes) {
            prop_assert_eq!(weights.last.len(), CELL);
        }
    }

    #[test]
    fn bytes_from_nowhere_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..400), headed in any::<bool>()) {
        let bytes = if headed { [head(), bytes].concat() } else { bytes };
        prop_assert!(Weights::parse(&bytes).is_err());
    }
}
