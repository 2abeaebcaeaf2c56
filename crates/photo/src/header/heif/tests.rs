use super::*;

/// A file in the making: items, how they refer to one another, and properties by number from one.
#[derive(Default)]
pub(crate) struct File<'a> {
    pub(crate) brand: &'a [u8],
    pub(crate) primary: u16,
    pub(crate) items: Vec<(u16, &'a [u8], Vec<u8>)>,
    pub(crate) references: Vec<(&'a [u8], u16, Vec<u16>)>,
    pub(crate) properties: Vec<(&'a [u8], Vec<u8>)>,
    pub(crate) associations: Vec<(u16, Vec<u8>)>,
}

fn boxed(kind: &[u8], body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 8).unwrap().to_be_bytes();
    [length.as_slice(), kind, body].concat()
}

fn full(kind: &[u8], version: u8, body: &[u8]) -> Vec<u8> {
    boxed(kind, &[&[version, 0, 0, 0], body].concat())
}

fn u16s(numbers: &[usize]) -> Vec<u8> {
    numbers.iter().flat_map(|number| u16::try_from(*number).unwrap().to_be_bytes()).collect()
}

fn u32s(numbers: &[usize]) -> Vec<u8> {
    numbers.iter().flat_map(|number| u32::try_from(*number).unwrap().to_be_bytes()).collect()
}

impl File<'_> {
    /// All items lie in the `idat` box.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let (mut infe, mut iloc, mut data) = (u16s(&[self.items.len()]), Vec::new(), Vec::new());
        for (id, kind, body) in &self.items {
            let entry = [u16s(&[usize::from(*id), 0]).as_slice(), kind, &[0]].concat();
            infe.extend(full(b"infe", 2, &entry));
            iloc.extend(u16s(&[usize::from(*id), 1, 0, 1]));
            iloc.extend(u32s(&[data.len(), body.len()]));
            data.extend_from_slice(body);
        }
        let iloc = [[0x44, 0].as_slice(), &u16s(&[self.items.len()]), &iloc].concat();
        let references = self.references.iter().flat_map(|(kind, from, to)| {
            let numbers: Vec<usize> = to.iter().map(|to| usize::from(*to)).collect();
            boxed(kind, &[u16s(&[usize::from(*from), to.len()]), u16s(&numbers)].concat())
        });
        let ipco: Vec<u8> = self.properties.iter().flat_map(|(kind, body)| boxed(kind, body)).collect();
        let associations = self.associations.iter().flat_map(|(id, numbers)| {
            [u16s(&[usize::from(*id)]).as_slice(), &[u8::try_from(numbers.len()).unwrap()], numbers].concat()
        });
        let ipma = [u32s(&[self.associations.len()]), associations.collect()].concat();
        let meta = [
            full(b"pitm", 0, &u16s(&[usize::from(self.primary)])),
            full(b"iinf", 0, &infe),
            full(b"iloc", 1, &iloc),
            full(b"iref", 0, &references.collect::<Vec<u8>>()),
            boxed(b"iprp", &[boxed(b"ipco", &ipco), full(b"ipma", 0, &ipma)].concat()),
            boxed(b"idat", &data),
        ];
        let ftyp = boxed(b"ftyp", &[self.brand, &[0; 4], self.brand].concat());
        [ftyp, full(b"meta", 0, &meta.concat())].concat()
    }
}

/// An `ispe` property.
pub(crate) fn size(width: usize, height: usize) -> (&'static [u8], Vec<u8>) {
    (b"ispe", [vec![0; 4], u32s(&[width, height])].concat())
}

/// The descriptor of a grid.
pub(crate) fn grid_of(rows: u8, columns: u8, width: usize, height: usize) -> Vec<u8> {
    [vec![0, 0, rows - 1, columns - 1], u16s(&[width, height])].concat()
}

/// One picture of 64 x 64, as its header is concerned.
fn single() -> File<'static> {
    File {
        brand: b"heic",
        primary: 1,
        items: vec![(1, b"hvc1", vec![1; 30])],
        properties: vec![size(64, 48), (b"hvcC", vec![2; 23])],
        associations: vec![(1, vec![1, 2])],
        ..File::default()
    }
}

fn header(file: &File) -> Result<(u32, u32, Option<Orientation>), Rejection> {
    let bytes = file.bytes();
    let header = crate::header::read(&bytes, &Limits::default())?;
    Ok((header.width, header.height, header.orientation))
}

fn code(file: &File) -> &'static str {
    header(file).unwrap_err().code()
}

#[test]
fn a_pictures_size_profile_and_exif_are_found() {
    let mut file = single();
    file.items.push((2, b"Exif", b"\0\0\0\x02??MM\0*".to_vec()));
    file.references.push((b"cdsc", 2, vec![1]));
    file.properties.push((b"colr", b"profa profile".to_vec()));
    file.associations = vec![(1, vec![1, 2, 3])];
    let bytes = file.bytes();
    let header = crate::header::read(&bytes, &Limits::default()).unwrap();
    assert_eq!((header.format, header.width, header.height), (Format::Heic, 64, 48));
    assert_eq!(header.exif.as_deref(), Some(b"MM\0*".as_slice()));
    assert_eq!(header.icc.as_deref(), Some(b"a profile".as_slice()));
    let Detail::Heif(coded) = header.detail else { panic!("not HEIF") };
    assert_eq!((coded.tiles.len(), &coded.tiles[0].data[..]), (1, &[1; 30][..]));
}

#[test]
fn turns_and_mirrors_are_applied_in_their_order() {
    let mut file = single();
    file.properties.extend([(b"irot".as_slice(), vec![1]), (b"imir", vec![1])]);
    file.associations = vec![(1, vec![1, 2, 3])];
    assert_eq!(header(&file), Ok((64, 48, Some(Orientation::QuarterLeft))));
    file.associations = vec![(1, vec![1, 2, 3, 4])];
    assert_eq!(
        header(&file),
        Ok((64, 48, Some(Orientation::QuarterLeft.then(Orientation::MirroredSideways))))
    );
}

#[test]
fn a_clean_aperture_is_the_size() {
    let mut file = single();
    let mut crop = |width, height, x, y| {
        file.properties.truncate(2);
        file.properties.push((b"clap", u32s(&[width, 1, height, 1, x, 2, y, 2])));
        file.associations = vec![(1, vec![1, 2, 3])];
        header(&file)
    };
    assert_eq!(crop(32, 24, 0, 0).map(|(width, height, _)| (width, height)), Ok((32, 24)));
    assert_eq!(crop(65, 24, 0, 0).unwrap_err().code(), "corrupt");
    assert_eq!(crop(32, 24, 400, 0).unwrap_err().code(), "corrupt");
    assert_eq!(crop(0, 24, 0, 0).unwrap_err().code(), "corrupt");
}

#[test]
fn a_clean_aperture_counts_in_the_picture_as_it_is_turned_before() {
    let shown = |associations: Vec<u8>| {
        let mut file = single();
        // 20 x 10, in the middle but for 5 to the right; 20 x 11, with halves of pixels; a quarter to the left; mirrored
        // sideways; 10 x 4.
        file.properties.push((b"clap", u32s(&[20, 1, 10, 1, 5, 1, 0, 1])));
        file.properties.push((b"clap", u32s(&[20, 1, 11, 1, 9, 2, 1, 2])));
        file.properties.extend([(b"irot".as_slice(), vec![1]), (b"imir", vec![1])]);
        file.properties.push((b"clap", u32s(&[10, 1, 4, 1, 2, 1, 1, 1])));
        file.associations = vec![(1, [vec![1, 2], associations].concat())];
        let bytes = file.bytes();
        let header = crate::header::read(&bytes, &Limits::default()).unwrap();
        let Detail::Heif(coded) = header.detail else { panic!("not HEIF") };
        coded.shown
    };
    assert_eq!(shown(vec![3]), [27, 19, 20, 10]);
    assert_eq!(shown(vec![3, 5, 6]), [27, 19, 20, 10]);
    // Halves of pixels.
    assert_eq!(shown(vec![4]), [26, 19, 20, 11]);
    assert_eq!(shown(vec![6, 3]), [17, 19, 20, 10]);
    // Turned, it is 48 x 64: 19 from the left and 27 from the top are 27 from the stored right and 19 from the top.
    assert_eq!(shown(vec![5, 3]), [27, 19, 10, 20]);
    // What is cut off twice.
    assert_eq!(shown(vec![3, 6, 7]), [30, 23, 10, 4]);
}

#[test]
fn lying_sizes_are_refused() {
    let mut file = single();
    file.properties[0] = size(50_000, 50_000);
    assert_eq!(code(&file), "too_many_pixels");
    file.properties[0] = size(14_000, 14_000);
    assert_eq!(code(&file), "too_much_memory");
    file.properties[0] = size(0, 48);
    assert_eq!(code(&file), "corrupt");
}

#[test]
fn boxes_in_a_circle_are_refused() {
    let mut file = single();
    // A grid whose tiles are itself, and one whose tiles are another grid that has the first as its tiles.
    file.items[0] = (1, b"grid", grid_of(1, 2, 64, 48));
    file.references = vec![(b"dimg", 1, vec![1, 1])];
    assert_eq!(code(&file), "format_unsupported");
    file.items.push((2, b"grid", grid_of(1, 2, 64, 48)));
    file.references = vec![(b"dimg", 1, vec![2, 2]), (b"dimg", 2, vec![1, 1])];
    assert_eq!(code(&file), "format_unsupported");
    file.items[0] = (1, b"iden", Vec::new());
    assert_eq!(code(&file), "format_unsupported");
    // Metadata that describes itself is nobody's.
    let mut file = single();
    file.items.push((2, b"Exif", vec![0; 4]));
    file.references = vec![(b"cdsc", 2, vec![2])];
    assert!(header(&file).is_ok());
}

#[test]
fn a_tile_named_a_thousand_times_is_refused_before_it_is_copied() {
    let mut file = single();
    file.items = vec![(1, b"grid", grid_of(32, 32, 2048, 2048)), (2, b"hvc1", vec![0; 4000])];
    file.references = vec![(b"dimg", 1, vec![2; 1024])];
    file.associations.push((2, vec![1, 2]));
    assert_eq!(code(&file), "corrupt");
    file.references = vec![(b"dimg", 1, vec![2; 1023])];
    assert_eq!(code(&file), "corrupt");
}

/// So many tiles of 512 x 512 as this picture has, which say that they are of 4:2:0.
fn tiled(width: usize, height: usize) -> File<'static> {
    let (columns, rows) = (width.div_ceil(512), height.div_ceil(512));
    let ids: Vec<u16> = (2..).take(columns * rows).collect();
    let grid = grid_of(u8::try_from(rows).unwrap(), u8::try_from(columns).unwrap(), width, height);
    let mut file = File {
        items: vec![(1, b"grid", grid)],
        references: vec![(b"dimg", 1, ids.clone())],
        properties: vec![size(width, height), (b"hvcC", vec![1; 23]), size(512, 512)],
        associations: vec![(1, vec![1])],
        ..single()
    };
    file.items.extend(ids.iter().map(|id| (*id, b"hvc1".as_slice(), vec![1; 30])));
    file.associations.extend(ids.iter().map(|id| (*id, vec![2, 3])));
    file
}

#[test]
fn the_largest_photos_of_phones_fit_when_they_are_tiled() {
    assert_eq!(
        header(&tiled(16_320, 12_240)).map(|(width, height, _)| (width, height)),
        Ok((16_320, 12_240))
    );
    // Panoramas, and a strip no higher than a fraction of its tiles.
    assert!(header(&tiled(16_382, 3_900)).is_ok());
    assert!(header(&tiled(16_382, 100)).is_ok());
}

#[test]
fn tiles_that_hardly_belong_to_the_picture_are_refused() {
    let mut file = tiled(1024, 1024);
    assert!(header(&file).is_ok());
    for (width, height) in [(511, 512), (1025, 512), (512, 1025), (64, 0xFFFF_FFFF), (0, 512)] {
        file.properties[2] = size(width, height);
        assert_eq!(code(&file), "corrupt", "{width} x {height}");
    }
    // Narrow, and each tile is as wide as a picture may be.
    file.items[0] = (1, b"grid", grid_of(4, 1, 1, 2000));
    file.properties[2] = size(32_768, 512);
    assert_eq!(code(&file), "corrupt");
    file.properties[2] = size(512, 512);
    assert!(header(&file).is_ok());
}

#[test]
fn more_colour_takes_more_memory() {
    let memory = |brand: &'static [u8], kind: &'static [u8], configuration: Vec<u8>| {
        let mut file = File { brand, items: vec![(1, kind, vec![1; 30])], ..single() };
        file.properties =
            vec![size(4000, 3000), (if brand == b"heic" { b"hvcC" } else { b"av1C" }, configuration)];
        crate::header::read(&file.bytes(), &Limits::default()).unwrap().memory_bytes
    };
    let heic = [0, 1, 2, 3].map(|kind| memory(b"heic", b"hvc1", [vec![0; 16], vec![0xFC | kind]].concat()));
    let avif = [0x1C, 0x0C, 0x08, 0].map(|kind| memory(b"avif", b"av01", vec![0x81, 0, kind, 0]));
    for memory in [heic, avif] {
        assert!(memory.is_sorted_by(|less, more| less + 12_000_000 < *more), "{memory:?}");
    }
    // What says nothing is taken for the most.
    assert_eq!(memory(b"heic", b"hvc1", Vec::new()), heic[3]);
}

#[test]
fn items_that_are_not_there_are_refused() {
    assert_eq!(code(&File { primary: 9, ..single() }), "corrupt");
    assert_eq!(code(&File { associations: Vec::new(), ..single() }), "corrupt");
    assert_eq!(code(&File { associations: vec![(1, vec![1, 99, 0])], ..single() }), "corrupt");
    assert_eq!(code(&File { items: vec![(1, b"jpeg", Vec::new())], ..single() }), "format_unsupported");
    let mut bytes = single().bytes();
    // The item's offset in `idat` is made to lie beyond it.
    let iloc = memchr::memmem::find(&bytes, b"iloc").unwrap() + 20;
    bytes[iloc] = 0x7F;
    assert_eq!(crate::header::read(&bytes, &Limits::default()).unwrap_err(), Rejection::Truncated);
}

#[test]
fn any_cut_and_any_changed_byte_is_a_header_or_a_refusal() {
    let mut file = single();
    file.items.push((2, b"Exif", b"\0\0\0\x02??MM\0*".to_vec()));
    file.properties.push((b"clap", u32s(&[32, 1, 24, 1, 0, 1, 0, 1])));
    file.associations = vec![(1, vec![1, 2, 3])];
    let bytes = file.bytes();
    for at in 8..bytes.len() {
        let _ = crate::header::read(&bytes[..at], &Limits::default());
        for value in [0, 1, 0x7F, 0xFF] {
            let mut changed = bytes.clone();
            changed[at] = value;
            let _ = crate::header::read(&changed, &Limits::default());
        }
    }
}
