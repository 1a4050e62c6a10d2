//! The layers that AWS publishes, in accounts of its own.

use super::Data;

pub(super) const DATA: Data = Data(include_str!("layers.txt"));

/// The layers of one product in one account of AWS.
#[derive(Clone, Copy, Debug)]
pub struct ProductLayers {
    /// The name of the product.
    pub product: &'static str,
    /// Its layers in that account, as an item of a layer set.
    pub item: &'static str,
}

/// Every known layer of AWS, by product, partition and region.
pub fn published() -> impl Iterator<Item = ProductLayers> {
    DATA.lines().filter_map(|line| {
        let (product, item) = line.rsplit_once(' ')?;
        Some(ProductLayers { product, item })
    })
}

impl ProductLayers {
    /// Whether the account serves every region of the partition `aws` that it is known for.
    #[must_use]
    pub fn is_everywhere(self) -> bool {
        self.item.starts_with("arn:aws:lambda:*:")
    }
}
